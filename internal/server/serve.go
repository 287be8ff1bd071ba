// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"strings"
	"time"

	"github.com/keywright/keywright/api"
)

// recorder keeps the status of a response.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// serve answers everything but POST /v1/verify.
func (s *Server) serve(rw http.ResponseWriter, r *http.Request) {
	start := time.Now()
	c := s.newCall(r)
	r = s.trace(r, &c)
	w := &recorder{ResponseWriter: rw}
	s.secure(w.Header(), r, &c)
	defer func() { s.finish(w, r, &c, start, recover()) }()
	pattern := s.mux.match(r)
	row, ok := table[pattern]
	if !ok {
		writeProblem(w, s.unmatched(w, r, &c))
		return
	}
	c.route = pattern
	p := s.admit(r, &c, row)
	if p == nil {
		p = acceptable(r, row)
	}
	if p != nil {
		p.RequestID = c.id
		writeProblem(w, p)
		return
	}
	if row.slow {
		// That to read is none of its concern: net/http takes it away itself, once a request has arrived whole.
		_ = http.NewResponseController(rw).SetWriteDeadline(time.Time{})
	}
	// A copy, and the writer of net/http: else net/http would not see that a body was left unread, and would take the
	// rest of it for the next request.
	limited := r.WithContext(withCall(r.Context(), &c))
	if row.body != stream && mediaType(r) != api.MediaLines {
		limited.Body = http.MaxBytesReader(rw, r.Body, row.body)
	}
	s.mux.ServeHTTP(w, limited)
}

// secure sets the headers of every response. Everything here may hold a secret or a verdict, so nothing is stored.
func (s *Server) secure(h http.Header, r *http.Request, c *call) {
	s.hold(h, r)
	h[api.HeaderRequestID] = []string{c.id}
	h["Cache-Control"] = noStore
	h["X-Content-Type-Options"] = noSniff
	h["Content-Security-Policy"] = []string{"default-src 'none'; frame-ancestors 'none'"}
	h["Referrer-Policy"] = []string{"no-referrer"}
	h["Cross-Origin-Resource-Policy"] = []string{"same-origin"}
}

// hold tells browsers that the host is to be asked over TLS alone. Over plain HTTP it is never said: whoever could change
// the answer on its way would decide for the host.
func (s *Server) hold(h http.Header, r *http.Request) {
	if r.TLS != nil && !s.options.NoHSTS {
		h["Strict-Transport-Security"] = oneYear
	}
}

// Shared by all responses; never changed.
var (
	noStore  = []string{"no-store"}
	oneYear  = []string{"max-age=31536000"}
	noSniff  = []string{"nosniff"}
	jsonType = []string{api.MediaJSON}
)

func (s *Server) unmatched(w http.ResponseWriter, r *http.Request, c *call) *api.Problem {
	p := api.NewProblem(api.NotFound, "", "there is nothing at this path", "GET "+api.PathDocs+" shows what there is")
	if allowed := s.mux.allowed(r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		p = api.NewProblem(api.MethodNotAllowed, "", "this path does not know the method", "use "+strings.Join(allowed, ", "))
	}
	p.RequestID = c.id
	return p
}
