// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

// A vectorFile has cases that all end the same way: well, or with one reason. Kinds are sign (which verifies too),
// verify, secret and stripe.
type vectorFile struct {
	About, Kind, Reason string
	Cases               []vector
}

type vector struct {
	Name                           string
	Secrets                        []string
	ID, Timestamp, Signature, Body string
	Now                            int64
}

func (v vector) headers() Headers { return Headers{v.ID, v.Timestamp, v.Signature} }

func (v vector) secrets() (all []keywright.Secret) {
	for _, s := range v.Secrets {
		all = append(all, keywright.NewSecret(s))
	}
	return all
}

func (v vector) keys() (all []Key, err error) {
	for _, s := range v.secrets() {
		k, err := ParseKey(s)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// run takes a case through the library.
func (v vector) run(t *testing.T, kind string) error {
	now := time.Unix(v.Now, 0)
	if kind == "stripe" {
		return StripeVerifier{Secrets: v.secrets()}.Verify(v.Signature, []byte(v.Body), now)
	}
	keys, err := v.keys()
	if err != nil || kind == "secret" {
		return err
	}
	if kind == "sign" {
		h, err := Sign(v.ID, now, []byte(v.Body), keys...)
		if err != nil || h != v.headers() {
			t.Errorf("signed as %+v, %v; want %+v", h, err, v.headers())
		}
	}
	return Verifier{Keys: keys}.Verify(v.headers(), []byte(v.Body), now)
}

func readVectors(t testing.TB) map[string]vectorFile {
	t.Helper()
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	files := map[string]vectorFile{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var f vectorFile
		if err := json.Unmarshal(text, &f); err != nil || len(f.Cases) == 0 {
			t.Fatalf("%s: %d cases, %v", name, len(f.Cases), err)
		}
		files[filepath.Base(name)] = f
	}
	return files
}

func TestVectors(t *testing.T) {
	kinds := map[string]int{}
	for name, f := range readVectors(t) {
		for _, v := range f.Cases {
			t.Run(name+"/"+v.Name, func(t *testing.T) {
				kinds[f.Kind]++
				got := ""
				if err := v.run(t, f.Kind); err != nil {
					got = err.Error()
				}
				if got != f.Reason {
					t.Errorf("got %q, want %q", got, f.Reason)
				}
			})
		}
	}
	for _, kind := range []string{"sign", "verify", "secret", "stripe"} {
		if kinds[kind] == 0 {
			t.Errorf("no case of the kind %s", kind)
		}
		delete(kinds, kind)
	}
	if len(kinds) > 0 {
		t.Errorf("unknown kinds: %v", kinds)
	}
}

// TestEveryReasonHasAFile finds reasons that no vector has.
func TestEveryReasonHasAFile(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range readVectors(t) {
		seen[f.Reason] = true
	}
	for _, err := range reasons {
		if !seen[err.Error()] && err != ErrPublicKey && err != ErrRepeatedHeader { // no vector can have these
			t.Errorf("no vector fails with: %v", err)
		}
	}
}
