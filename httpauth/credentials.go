// SPDX-License-Identifier: Apache-2.0

// Package httpauth is middleware over a keywright.Verifier: it takes the key out of a request, has it judged, and lets
// the handler see the verdict.
package httpauth

import (
	"errors"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
)

var (
	// ErrNoKey says that a request carries no key.
	ErrNoKey = errors.New("the request carries no key")
	// ErrAmbiguous says that a request carries more than one key, or one that two readers could read differently.
	ErrAmbiguous = errors.New("the request carries more than one key")
)

// HeaderAPIKey is the header that carries a key where Authorization does not.
const HeaderAPIKey = "X-Api-Key"

// Key returns the key that a request carries: in Authorization with the scheme Bearer (RFC 6750), or in X-API-Key; with
// a header named, there and nowhere else. Authorization with another scheme counts as none.
//
// A request with two of them, whether or not they are the same, is ErrAmbiguous: what stands before this program may
// have looked at the other. So is a value with a comma, which is how two headers of one name are joined on their way.
func Key(h http.Header, named string) (keywright.Secret, error) {
	var values []string
	if named != "" && !strings.EqualFold(named, "Authorization") {
		values = present(h[http.CanonicalHeaderKey(named)])
	} else {
		for _, v := range h["Authorization"] {
			if token, ok := bearer(v); ok {
				values = append(values, token)
			} else if len(h["Authorization"]) > 1 {
				return keywright.Secret{}, ErrAmbiguous
			}
		}
		if named == "" {
			values = append(values, present(h[HeaderAPIKey])...)
		}
	}
	switch {
	case len(values) == 0:
		return keywright.Secret{}, ErrNoKey
	case len(values) > 1 || strings.IndexByte(values[0], ',') >= 0:
		return keywright.Secret{}, ErrAmbiguous
	}
	return keywright.NewSecret(values[0]), nil
}

// present leaves out an empty header, which proxies send in place of none.
func present(values []string) []string {
	if len(values) == 1 && strings.TrimSpace(values[0]) == "" {
		return nil
	}
	return values
}

// bearer returns what follows the scheme Bearer, whatever its case.
func bearer(value string) (token string, ok bool) {
	scheme, token, ok := strings.Cut(value, " ")
	token = strings.Trim(token, " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}
