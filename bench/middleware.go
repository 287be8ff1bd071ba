// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/httpauth"
)

// middleware measures what httpauth adds to a verification in process: the same asks, once by themselves and once out of
// requests that pass, over a table of a million keys of which a thousand are asked for: so what is counted each second, by
// key, is the same and little for both.
func middleware() error {
	ctx := context.Background()
	made, err := makeKeys(ctx, million, 1000)
	if err != nil {
		return err
	}
	keys := made.secrets()
	a, _, err := warm(ctx, &source{keys: made, step: 1, owners: 10_000})
	if err != nil {
		return err
	}
	defer a.Close()
	work := newRequests(keys)
	guarded := httpauth.New(a, httpauth.Options{Keyspace: "default", Environment: "live"}).Handler(work.handler, scopes...)
	through := func(n int) { work.send(n, func(int) { guarded.ServeHTTP(work.w, work.r) }) }
	ask := keywright.Ask{
		Keyspace: "default", Environment: "live", Scopes: scopes,
		ClientIP: netip.MustParseAddr("192.0.2.7"), Method: "GET", Path: "/v1/invoices",
	}
	alone := func(n int) {
		work.send(n, func(i int) {
			ask.Key = keys[i]
			if v, err := a.Verify(ctx, ask); err != nil || !v.Valid() {
				exit(fmt.Errorf("%s, %w", v.Code, err))
			}
			work.handler.ServeHTTP(work.w, work.r)
		})
	}
	runtime.GC()
	const counted = 100_000
	before, bytes := mallocs(), allocated()
	through(counted)
	fmt.Printf("allocations of a request that passes httpauth: %.1f, %.0f bytes\n", float64(mallocs()-before)/counted, float64(allocated()-bytes)/counted)
	x, y, _ := inTurns(21, million/4, busy, through, alone)
	var more spread
	for i := range x {
		more = append(more, x[i]-y[i])
	}
	fmt.Printf("processor time of a request through httpauth: %.0f ns; of the same ask alone: %.0f ns\n", x.median(), y.median())
	fmt.Printf("what httpauth adds: %s ns (aim: at most 300)\n", more)
	return nil
}

// requests are sent to a handler that does nothing.
type requests struct {
	values  [][]string // of Authorization
	r       *http.Request
	w       *discard
	reached int
	handler http.Handler
}

func newRequests(keys []keywright.Secret) *requests {
	q := &requests{
		r: &http.Request{Method: "GET", URL: &url.URL{Path: "/v1/invoices"}, RemoteAddr: "192.0.2.7:4711", Header: http.Header{}},
		w: &discard{header: http.Header{}},
	}
	q.handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { q.reached++ })
	for _, key := range keys {
		q.values = append(q.values, []string{"Bearer " + key.Reveal()})
	}
	return q
}

// send does something n times, each time with another key in the request, and checks that the handler was reached.
func (q *requests) send(n int, do func(i int)) {
	q.reached = 0
	for i := range n {
		q.r.Header["Authorization"] = q.values[i%len(q.values)]
		do(i % len(q.values))
		clear(q.w.header)
	}
	if q.reached != n {
		exit(fmt.Errorf("%d of %d requests passed", q.reached, n))
	}
}

// discard is a response that nobody reads.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
