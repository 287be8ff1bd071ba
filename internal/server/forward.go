// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/gateway"
)

const (
	authPrefix = "/v1/auth/"

	// headerOptions carries the options of a proxy that appends what it asks about to the path, where the query is the
	// client's.
	headerOptions = "X-Keywright-Options"
)

// forward serves /v1/auth/{keyspace}, with any method: it answers a proxy that asks whether a request may pass. Like
// verify it takes no detours. The path is that of the request line, as it came: nothing is cleaned before it is judged.
func (s *Server) forward(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	c := s.newCall(r)
	target, query, _ := strings.Cut(r.RequestURI, "?")
	keyspace, below, appended := strings.Cut(strings.TrimPrefix(target, authPrefix), "/")
	place := 0
	c.route = api.PathAuth
	if appended {
		place, c.route = 1, api.PathAuthBelow
	}
	h := w.Header()
	h[api.HeaderRequestID] = []string{c.id}
	h["Cache-Control"] = noStore
	h["X-Content-Type-Options"] = noSniff
	asked := asked{keyspace: keyspace, query: query}
	if appended {
		asked.path = "/" + below
	}
	d := s.decide(r, &c, &asked)
	d.Upstream(h)
	d.Client(h)
	c.code, c.reason, c.fault = d.Code, d.Reason, d.Err
	if !d.Allowed {
		p := d.Problem()
		p.RequestID = c.id
		rec := &recorder{ResponseWriter: w}
		writeJSON(rec, d.Status, api.MediaProblem, p)
		s.finish(rec, r, &c, start, nil)
		return
	}
	w.WriteHeader(d.Status)
	took := time.Since(start)
	s.metrics.passed[place].Inc()
	s.metrics.passedTook[place].Observe(took.Seconds())
	s.logRequest(r, &c, d.Status, took, !s.options.LogVerifications)
}

// misplaced answers where the address of forward is written in another way than a proxy writes it, with escapes or with a
// host: ServeHTTP has not taken it for that.
func (s *Server) misplaced(w http.ResponseWriter, r *http.Request) {
	p := api.NewProblem(api.NotFound, "", "the path is not written as it should be", "use "+api.PathAuth)
	p.RequestID = callOf(r.Context()).id
	writeProblem(w, p)
}

// asked is what the request line of a proxy holds.
type asked struct {
	keyspace, query string
	path            string // of the request that is asked about, without the query; empty: it is told in headers
}

func (s *Server) decide(r *http.Request, c *call, a *asked) (d gateway.Decision) {
	defer func() {
		if v := recover(); v != nil {
			s.logPanic(c, v)
			d = gateway.Decision{Status: http.StatusServiceUnavailable, Code: gateway.Unavailable}
		}
	}()
	proxy, err := s.gateway.Admit(r.Context(), peerOf(r, c), authority.Origin{Address: c.address, Request: c.id})
	if err != nil {
		return gateway.Refusal(err)
	}
	q := gateway.Request{Proxy: proxy, Keyspace: a.keyspace, Header: r.Header, ClientIP: s.gateway.ClientAddress(c.address, r.Header)}
	method, path, query := "", "", a.query
	given := r.Header[headerOptions]
	switch {
	case a.path == "" && len(given) > 0 || len(given) > 1: // a client has sent it
		return gateway.Unidentified(gateway.ErrAmbiguous)
	case a.path != "":
		if method, path, query = r.Method, a.path, ""; a.query != "" {
			path += "?" + a.query
		}
		if len(given) == 1 {
			query = given[0]
		}
	}
	if q.Options, err = s.gateway.Options(query); err != nil {
		return gateway.Refusal(err)
	}
	if q.Method, q.Path, err = gateway.Original(r.Header, method, path); err != nil {
		return gateway.Unidentified(err)
	}
	return s.gateway.Decide(r.Context(), &q)
}

// peerOf tells who is at the other end. A request that came through a Unix socket has no address.
func peerOf(r *http.Request, c *call) gateway.Peer {
	p := gateway.Peer{Address: c.address, Keys: r.Header[gateway.HeaderProxy]}
	if !c.address.IsValid() {
		local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		p.Socket = ok && local.Network() == "unix"
	}
	return p
}
