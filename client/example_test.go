// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"net/http"
	"os"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
)

// A handler that lets requests pass whose key the server accepts.
func Example() {
	c, err := client.New(client.Options{
		URL:        "https://keys.example.com",
		ServiceKey: keywright.NewSecret(os.Getenv("KEYWRIGHT_SERVICE_KEY")),
	})
	if err != nil {
		panic(err)
	}
	guard := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			verdict, err := c.Verify(r.Context(), keywright.Ask{
				Key: keywright.NewSecret(key), Keyspace: "acme", Environment: "live", Scopes: []string{"invoices:read"},
			})
			switch {
			case err != nil: // no judgement: never say that the key is bad
				w.WriteHeader(http.StatusServiceUnavailable)
			case verdict.Code == keywright.InsufficientScope:
				w.WriteHeader(http.StatusForbidden)
			case !verdict.Valid():
				w.WriteHeader(http.StatusUnauthorized)
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
	_ = http.ListenAndServe("127.0.0.1:8080", guard(http.NotFoundHandler()))
}
