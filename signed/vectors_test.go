// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keywright/keywright"
)

// A vector is one case of any kind; what a kind does not use is not there.
type vector struct {
	Secret    string          `json:"secret"`
	Now       time.Time       `json:"now"`
	Key       string          `json:"key"`
	Claims    json.RawMessage `json:"claims"`
	ReadsOnly bool            `json:"reads_only"` // written in a way in which none is made

	Master     string `json:"master"`
	Scope      string `json:"scope"`
	Error      string `json:"error"`
	CheckError string `json:"check_error"`
}

// vectors returns the cases of a kind, and fails where there are none or where a file is of no kind that is known.
func vectors(t testing.TB, kind string) map[string][]vector {
	t.Helper()
	names, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]vector{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Reason string   `json:"reason"`
			Kind   string   `json:"kind"`
			Cases  []vector `json:"cases"`
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&file); err != nil || file.Reason == "" || len(file.Cases) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		switch file.Kind {
		case kind:
			found[filepath.Base(name)] = file.Cases
		case "signed", "derived", "derived-read":
		default:
			t.Fatalf("%s is of an unknown kind", name)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no vectors of kind %s", kind)
	}
	return found
}

// kinds are the words that vectors have for errors.
var kinds = []error{ErrMalformed, ErrSignature, ErrExpired, ErrNotYet, ErrClaims, ErrUnusable}

// kindOf returns the one kind that an error is of.
func kindOf(t testing.TB, err error) (kind string) {
	t.Helper()
	for _, k := range kinds {
		if !errors.Is(err, k) {
			continue
		}
		if kind != "" {
			t.Errorf("%v is of two kinds", err)
		}
		kind = k.Error()
	}
	if err != nil && kind == "" {
		t.Errorf("%v is of no kind", err)
	}
	return kind
}

func TestSignedVectors(t *testing.T) {
	for name, cases := range vectors(t, "signed") {
		t.Run(name, func(t *testing.T) {
			for i, v := range cases {
				s := Signer{Secrets: []keywright.Secret{keywright.NewSecret(v.Secret)}}
				c, err := s.Verify(keywright.NewSecret(v.Key), v.Now)
				if got := kindOf(t, err); got != v.Error {
					t.Errorf("case %d: %v, expected %q", i, err, v.Error)
				}
				if err != nil || v.Error != "" {
					continue
				}
				want, err := ParseClaims(v.Claims)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, c); diff != "" {
					t.Errorf("case %d: %s", i, diff)
				}
				made, id, err := s.Sign(c, v.Now, nil)
				if err != nil || id != c.KeyID || made.Reveal() != v.Key != v.ReadsOnly {
					t.Errorf("case %d: made again it is another key: %v", i, err)
				}
			}
		})
	}
}

func TestDerivedVectors(t *testing.T) {
	for name, cases := range vectors(t, "derived") {
		for i, v := range cases {
			master := keywright.NewSecret(v.Master)
			key, err := Derive(master, v.Scope)
			if kindOf(t, err) != v.Error || err == nil && key.Reveal() != v.Key {
				t.Errorf("%s, case %d: %v", name, i, err)
			}
			scope, err := CheckDerived(keywright.NewSecret(v.Key), keywright.NewSecret("other"), master)
			if kindOf(t, err) != v.CheckError || err == nil && scope != v.Scope {
				t.Errorf("%s, case %d, read: %q %v", name, i, scope, err)
			}
		}
	}
	for name, cases := range vectors(t, "derived-read") {
		for i, v := range cases {
			if _, err := CheckDerived(keywright.NewSecret(v.Key), keywright.NewSecret(v.Master)); kindOf(t, err) != v.Error {
				t.Errorf("%s, case %d: %v, expected %q", name, i, err, v.Error)
			}
		}
	}
}
