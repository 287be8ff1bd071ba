// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/keywright/keywright/api"
)

var graces = map[string]api.Grace{
	`"24h"`:                         {AtMost: api.Duration(24 * time.Hour)},
	`"0s"`:                          {},
	`"0"`:                           {},
	`"30d"`:                         {AtMost: api.Duration(720 * time.Hour)},
	`"-1h"`:                         {AtMost: api.Duration(-time.Hour)}, // the authority refuses it
	`{"idle":"24h"}`:                {Idle: api.Duration(24 * time.Hour)},
	`{"at_most":"2d","idle":"24h"}`: {Idle: api.Duration(24 * time.Hour), AtMost: api.Duration(48 * time.Hour)},
}

// noGraces are what must not be taken for a grace of none.
var noGraces = []string{
	`{}`, `""`, `"soon"`, `24`, `true`, `[]`, `{"at_most":"1h"}`, `{"idle":"0s"}`, `{"idle":null}`, `{"idle":"1h","at_most":"0s"}`, `{"idle":1}`,
}

func TestGrace(t *testing.T) {
	for text, want := range graces {
		var got api.Grace
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range noGraces {
		var got api.Grace
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s: %+v", text, got)
		}
	}
	var q api.RotateRequest
	if err := json.Unmarshal([]byte(`{"grace":null}`), &q); err != nil || q.Grace != nil {
		t.Errorf("null: %+v, %v", q.Grace, err)
	}
	if b, err := json.Marshal(api.RotateRequest{Grace: &api.Grace{}}); err != nil || string(b) != `{"grace":"0s"}` {
		t.Errorf("none is written as %s, %v", b, err)
	}
}

// FuzzGrace reads what it wrote.
func FuzzGrace(f *testing.F) {
	for text := range graces {
		f.Add([]byte(text))
	}
	for _, text := range noGraces {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var g, again api.Grace
		if json.Unmarshal(text, &g) != nil {
			return
		}
		b, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &again); err != nil || again != g {
			t.Fatalf("%s is %+v, written as %s, read as %+v (%v)", text, g, b, again, err)
		}
	})
}
