// SPDX-License-Identifier: Apache-2.0

package httpauth_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/keywright/keywright/httpauth"
)

func TestKey(t *testing.T) {
	for name, c := range map[string]struct {
		header http.Header
		named  string
		want   string
		err    error
	}{
		"bearer":                   {http.Header{"Authorization": {"Bearer k1"}}, "", "k1", nil},
		"bearer in small letters":  {http.Header{"Authorization": {"bearer  k1 "}}, "", "k1", nil},
		"api key":                  {http.Header{"X-Api-Key": {"k1"}}, "", "k1", nil},
		"named":                    {http.Header{"X-Acme-Key": {"k1"}, "Authorization": {"Bearer k2"}}, "x-acme-key", "k1", nil},
		"authorization by name":    {http.Header{"X-Api-Key": {"k1"}, "Authorization": {"Bearer k2"}}, "authorization", "k2", nil},
		"none":                     {http.Header{}, "", "", httpauth.ErrNoKey},
		"empty":                    {http.Header{"X-Api-Key": {""}}, "", "", httpauth.ErrNoKey},
		"another scheme":           {http.Header{"Authorization": {"Basic k1"}}, "", "", httpauth.ErrNoKey},
		"another scheme and a key": {http.Header{"Authorization": {"Basic k1"}, "X-Api-Key": {"k2"}}, "", "k2", nil},
		"two ways":                 {http.Header{"Authorization": {"Bearer k1"}, "X-Api-Key": {"k1"}}, "", "", httpauth.ErrAmbiguous},
		"twice":                    {http.Header{"X-Api-Key": {"k1", "k2"}}, "", "", httpauth.ErrAmbiguous},
		"twice with an empty one":  {http.Header{"X-Api-Key": {"", "k2"}}, "", "", httpauth.ErrAmbiguous},
		"two schemes":              {http.Header{"Authorization": {"Basic k1", "Bearer k2"}}, "", "", httpauth.ErrAmbiguous},
		"joined":                   {http.Header{"X-Api-Key": {"k1, k2"}}, "", "", httpauth.ErrAmbiguous},
		"elsewhere than named":     {http.Header{"X-Api-Key": {"k1"}}, "X-Acme-Key", "", httpauth.ErrNoKey},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := httpauth.Key(c.header, c.named)
			if !errors.Is(err, c.err) || err == nil && key.Reveal() != c.want {
				t.Errorf("%v, want %v", err, c.err)
			}
		})
	}
}
