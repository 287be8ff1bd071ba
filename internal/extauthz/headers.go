// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"net/http"
	"slices"
	"strings"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/keywright/keywright/httpauth"
	"github.com/keywright/keywright/internal/gateway"
)

// identity are the headers for the service, in small letters.
var identity = [...]string{
	strings.ToLower(gateway.HeaderKeyID), strings.ToLower(gateway.HeaderOwner),
	strings.ToLower(gateway.HeaderScopes), strings.ToLower(gateway.HeaderEnvironment),
}

// headersOf picks from the headers of a request what the gateway looks at: those that may carry the key, and Origin. Envoy
// sends headers in one of two forms: as a map, in which those of one name are joined by commas, or one by one with their
// bytes. Should there be both, both count.
//
// The error is gateway.ErrAmbiguous where a header for the service, or Origin, is there twice: Envoy replaces the
// former, but old releases only the first of two.
func headersOf(r *auth.AttributeContext_HttpRequest, named string) (http.Header, error) {
	h, clear := make(http.Header, 4), true
	var seen [len(identity)]bool
	take := func(name, value string) {
		if name = strings.ToLower(name); name == named && named != "" {
			name = http.CanonicalHeaderKey(name)
			h[name] = append(h[name], value)
			return
		}
		switch name {
		case "authorization":
			h["Authorization"] = append(h["Authorization"], value)
		case "x-api-key":
			h[httpauth.HeaderAPIKey] = append(h[httpauth.HeaderAPIKey], value)
		case "origin":
			h["Origin"] = append(h["Origin"], value)
			clear = clear && strings.IndexByte(value, ',') < 0
		default:
			if i := slices.Index(identity[:], name); i >= 0 {
				clear = clear && !seen[i] && strings.IndexByte(value, ',') < 0
				seen[i] = true
			}
		}
	}
	for name, value := range r.GetHeaders() {
		take(name, value)
	}
	for _, v := range r.GetHeaderMap().GetHeaders() {
		value := v.GetValue()
		if raw := v.GetRawValue(); len(raw) > 0 {
			value = string(raw)
		}
		take(v.GetKey(), value)
	}
	if !clear {
		return nil, gateway.ErrAmbiguous
	}
	return h, nil
}
