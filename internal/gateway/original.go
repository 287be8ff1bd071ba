// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"net/http"
)

// ErrAmbiguous says that a request can be read in more than one way.
var ErrAmbiguous = errors.New("the request is told in two ways that differ, or a header of it stands twice")

// The headers in which proxies tell the original request: nginx in the first two, as its guide configures it, Traefik and
// Caddy in the last two.
const (
	HeaderOriginalMethod  = "X-Original-Method"
	HeaderOriginalURI     = "X-Original-Uri"
	HeaderForwardedMethod = "X-Forwarded-Method"
	HeaderForwardedURI    = "X-Forwarded-Uri"
)

// Original returns method and path, with the query, of the request that a proxy asks about. Method and path are those of
// what it sent itself, where they are that of the original (Envoy), and else empty. A client may have sent what the proxy
// did not: where there are two accounts, both must be whole and say the same, else the error is ErrAmbiguous. Of one that
// is not whole, nothing is known.
func Original(h http.Header, method, path string) (string, string, error) {
	count, whole := 0, true
	for _, names := range [...][2]string{{HeaderOriginalMethod, HeaderOriginalURI}, {HeaderForwardedMethod, HeaderForwardedURI}} {
		m, u := h[names[0]], h[names[1]]
		if len(m) > 1 || len(u) > 1 {
			return "", "", ErrAmbiguous
		}
		if len(m) == 0 && len(u) == 0 {
			continue
		}
		count++
		if len(m) == 0 || len(u) == 0 || m[0] == "" || u[0] == "" {
			whole = false
			continue
		}
		if path != "" && (m[0] != method || u[0] != path) {
			return "", "", ErrAmbiguous
		}
		if path == "" {
			method, path = m[0], u[0]
		}
	}
	switch {
	case whole:
		return method, path, nil
	case count > 1 || path != "":
		return "", "", ErrAmbiguous
	}
	return "", "", nil
}
