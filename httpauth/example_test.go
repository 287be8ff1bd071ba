// SPDX-License-Identifier: Apache-2.0

package httpauth_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/httpauth"
	"github.com/keywright/keywright/store/sqlite"
)

// A service that hands out keys and judges them itself, with the store in memory.
func Example() {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	check(err)
	defer func() { check(store.Close()) }()
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	check(err)
	defer a.Close()
	issued, err := a.Issue(ctx, authority.Operator("my program", authority.Origin{}), authority.IssueRequest{
		Name: "ci", Owner: "team_7", Scopes: []string{"invoices:read"},
	})
	check(err)

	keys := httpauth.New(a, httpauth.Options{Keyspace: "default", Environment: "live"})
	list := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verdict, _ := httpauth.FromContext(r.Context())
		fmt.Fprintln(w, "the invoices of", verdict.Owner)
	})
	mux := http.NewServeMux()
	mux.Handle("GET /v1/invoices", keys.Handler(list, "invoices:read"))
	mux.Handle("POST /v1/invoices", keys.Require("invoices:write")(list))

	send := func(method, key string) {
		r := httptest.NewRequest(method, "/v1/invoices", nil)
		if key != "" {
			r.Header.Set("Authorization", "Bearer "+key)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code == http.StatusOK {
			fmt.Print(w.Body)
			return
		}
		fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	}
	send("GET", issued.Key.Reveal())
	send("POST", issued.Key.Reveal())
	send("GET", "nonsense")
	send("GET", "")
	// Output:
	// the invoices of team_7
	// 403 Bearer realm="api", error="insufficient_scope", scope="invoices:write"
	// 401 Bearer realm="api", error="invalid_token"
	// 401 Bearer realm="api"
}

// A service behind a load balancer that asks a keywright server: only the verifier is another.
func Example_client() {
	c, err := client.New(client.Options{
		URL:        "https://keys.example.com",
		ServiceKey: keywright.NewSecret(os.Getenv("KEYWRIGHT_SERVICE_KEY")),
	})
	check(err)
	keys := httpauth.New(c, httpauth.Options{
		Keyspace: "acme", Environment: "live", Realm: "acme",
		ClientIP: httpauth.Forwarded(netip.MustParsePrefix("10.0.0.0/8")),
		Cost: func(r *http.Request) int64 {
			if r.Method == http.MethodPost {
				return 5
			}
			return 1
		},
		Log: slog.Default(),
	})
	_ = http.ListenAndServe("127.0.0.1:8080", keys.Handler(http.FileServer(http.Dir("reports")), "reports:read"))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
