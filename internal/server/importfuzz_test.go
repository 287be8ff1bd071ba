// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"testing"

	"github.com/keywright/keywright/api"
)

// FuzzImportLine reads a line of an import. What is read is the same after it was written and read again, and what the
// authority is given has as many secrets.
func FuzzImportLine(f *testing.F) {
	f.Add([]byte(`{"name":"ci","hash":"9f","scopes":["a:b"],"limits":[{"name":"r","limit":1,"window":"1m"}],"metadata":{"a":[1]}}`))
	f.Add([]byte(`{"id":"key_0DFUqXqVeEpK4nSQhDZ0mR","secrets":[{"hash":"x","covers":"secret","expires_at":"2030-01-01T00:00:00Z","grace":true,"idle":"1h"}]}`))
	f.Add([]byte(`{"key":"a key that is there itself","allowed_networks":["10.0.0.0/8"],"credits":{"remaining":7}}`))
	f.Add([]byte(`{"hash":"x","hash":"y"}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var l, again api.ImportLine
		if decode(text, &l) != nil {
			return
		}
		q, err := importRequest(&l)
		if err == nil && len(q.Secrets) != len(l.AllSecrets()) {
			t.Error("a secret was lost")
		}
		written, err := json.Marshal(l)
		if err != nil {
			return // a time before the year 0, which JSON cannot tell
		}
		if p := decode(written, &again); p != nil {
			t.Fatalf("what was written cannot be read: %v: %s", p, written)
		}
		if twice, err := json.Marshal(again); err != nil || string(twice) != string(written) {
			t.Errorf("%s became %s, %v", written, twice, err)
		}
	})
}
