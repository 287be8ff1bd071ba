// SPDX-License-Identifier: Apache-2.0

package httpauth_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/keywright/keywright/httpauth"
)

// FuzzKey reads any headers: a key that is read stands in one of those that count, and with one more it is ambiguous.
func FuzzKey(f *testing.F) {
	f.Add("Bearer acme_live_7Yk2mQ9xR4tB", "", "", "")
	f.Add("", "", "acme_live_7Yk2mQ9xR4tB", "")
	f.Add("Bearer a", "Bearer b", "", "")
	f.Add("Basic a", "bEaReR  b ", "c", "authorization")
	f.Add("Bearer a, Bearer b", "", "", "X-Acme-Key")
	f.Add("Bearer ", " ", "\t", "x-api-key")
	f.Fuzz(func(t *testing.T, first, second, other, named string) {
		counts := named
		if named == "" {
			counts = httpauth.HeaderAPIKey
		}
		h := http.Header{}
		for _, line := range [][2]string{{"Authorization", first}, {"Authorization", second}, {counts, other}} {
			if line[1] != "" {
				h.Add(line[0], line[1])
			}
		}
		key, err := httpauth.Key(h, named)
		if err != nil {
			if !key.IsZero() || !errors.Is(err, httpauth.ErrNoKey) && !errors.Is(err, httpauth.ErrAmbiguous) {
				t.Errorf("an error with a key, or another one: %v", err)
			}
			return
		}
		text := key.Reveal()
		values := strings.Join(h.Values(counts), "\n")
		if named == "" {
			values += "\n" + strings.Join(h.Values("Authorization"), "\n")
		}
		if strings.TrimSpace(text) == "" || strings.Contains(text, ",") || !strings.Contains(values, text) {
			t.Errorf("read %q of %q", text, values)
		}
		h.Add(counts, "Bearer another")
		if _, err := httpauth.Key(h, named); !errors.Is(err, httpauth.ErrAmbiguous) {
			t.Errorf("with one key more: %v", err)
		}
	})
}
