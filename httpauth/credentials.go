// SPDX-License-Identifier: Apache-2.0

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
	var key string
	n := 0
	if named != "" && !strings.EqualFold(named, "Authorization") {
		key, n = plain(h[http.CanonicalHeaderKey(named)])
	} else {
		for _, v := range h["Authorization"] {
			if token, ok := bearer(v); ok {
				key = token
				n++
			} else if len(h["Authorization"]) > 1 {
				return keywright.Secret{}, ErrAmbiguous
			}
		}
		if named == "" {
			if other, more := plain(h[HeaderAPIKey]); more > 0 {
				key = other
				n += more
			}
		}
	}
	switch {
	case n == 0:
		return keywright.Secret{}, ErrNoKey
	case n > 1 || strings.IndexByte(key, ',') >= 0:
		return keywright.Secret{}, ErrAmbiguous
	}
	return keywright.NewSecret(key), nil
}

// plain returns a header's value, and how many it has. An empty one, which proxies send in place of none, counts as none.
func plain(values []string) (string, int) {
	if len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "" {
		return "", 0
	}
	return values[0], len(values)
}

// bearer returns what follows the scheme Bearer, whatever its case.
func bearer(value string) (token string, ok bool) {
	scheme, token, ok := strings.Cut(value, " ")
	token = strings.Trim(token, " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}
