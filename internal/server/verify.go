// SPDX-License-Identifier: Apache-2.0

package server

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/keywright/keywright/api"
)

// exchange is the memory of one verification, used again by the next.
type exchange struct {
	in, out []byte
	ask     askDecoder
}

var exchanges = sync.Pool{New: func() any {
	return &exchange{in: make([]byte, 0, 1<<10), out: make([]byte, 0, 1<<10)}
}}

// done gives the memory back, without the key that it held.
func (x *exchange) done() {
	if cap(x.in) > 16<<10 || cap(x.out) > 16<<10 {
		return
	}
	clear(x.in)
	x.ask.reset()
	exchanges.Put(x)
}

// verify serves POST /v1/verify without detours: this is what gateways wait for.
func (s *Server) verify(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	c := s.newCall(r)
	r = s.trace(r, &c)
	c.route = "POST " + api.PathVerify
	h := w.Header()
	h[api.HeaderRequestID] = []string{c.id}
	h["Cache-Control"] = noStore
	h["X-Content-Type-Options"] = noSniff
	s.hold(h, r)
	x := exchanges.Get().(*exchange)
	p := s.judge(w, r, &c, x)
	if p != nil {
		s.refuse(w, r, &c, p, start)
		return // x may be held by whoever panicked or failed: it is left to the collector
	}
	h["Content-Type"] = jsonType
	_, _ = w.Write(x.out)
	x.done()
	took := time.Since(start)
	s.metrics.verified.Inc()
	s.metrics.verifyTook.Observe(took.Seconds())
	c.endTrace(http.StatusOK)
	s.logRequest(r, &c, http.StatusOK, took, !s.options.LogVerifications)
}

// refuse is the slow end of a verification that could not be done.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, c *call, p *api.Problem, start time.Time) {
	p.RequestID = c.id
	rec := &recorder{ResponseWriter: w}
	writeProblem(rec, p)
	s.finish(rec, r, c, start, nil)
}

// judge reads the ask and writes the verdict to x.out.
func (s *Server) judge(w http.ResponseWriter, r *http.Request, c *call, x *exchange) (p *api.Problem) {
	defer func() {
		if v := recover(); v != nil {
			s.logPanic(c, v)
			p = errInternal()
		}
	}()
	if err := s.authenticate(r, c, true); err != nil {
		return s.problemOf(c, err)
	}
	if !readable(r, jsonOnly) {
		return errMedia(jsonOnly)
	}
	if p := x.read(w, r); p != nil {
		return p
	}
	if p := x.ask.decode(x.in); p != nil {
		return p
	}
	v, err := s.authority.VerifyAs(r.Context(), c.caller, x.ask.Ask)
	if err != nil {
		return s.problemOf(c, err)
	}
	c.tags = loggedTags(&x.ask.Ask)
	x.out = append(appendVerdict(x.out[:0], &v, time.Now()), '\n')
	return nil
}

// read reads the body into x.in, up to the limit.
func (x *exchange) read(w http.ResponseWriter, r *http.Request) *api.Problem {
	x.in = x.in[:0]
	if r.ContentLength > smallBody {
		leaveUnread(w, r)
		return errTooLarge()
	}
	for {
		if len(x.in) == cap(x.in) {
			x.in = append(x.in, 0)[:len(x.in)]
		}
		n, err := r.Body.Read(x.in[len(x.in):cap(x.in)])
		x.in = x.in[:len(x.in)+n]
		switch {
		case len(x.in) > smallBody:
			leaveUnread(w, r)
			return errTooLarge()
		case err == io.EOF:
			return nil
		case err != nil:
			return unreadable(err)
		}
	}
}

// leaveUnread ends the connection with the answer, where the rest of the body would be taken for the next request. Streams
// of HTTP/2 end alone.
func leaveUnread(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
	}
}

// verifyBatch answers each line by a line, in order. What has arrived at once is answered at once; a batch that has
// arrived whole before its first answer is sent leaves the connection to the next request.
func (s *Server) verifyBatch(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	in := s.newLines(w, r)
	out := s.newTimedWriter(w)
	out.first = func() {
		if !in.whole() {
			in.interleave(w, r)
		}
	}
	x := exchanges.Get().(*exchange)
	defer x.done()
	admitted := admission{server: s, request: r, call: c, in: in}
	for {
		line, ok := in.next()
		if !ok {
			break
		}
		p := line.problem
		if p == nil {
			p = admitted.judge(x, line.text)
		}
		if p != nil {
			p.RequestID = c.id
			x.out = appendProblemLine(x.out[:0], p)
		}
		if _, err := out.Write(append(x.out, '\n')); err != nil {
			return
		}
		if !in.buffered() && !in.whole() {
			_ = out.flush()
		}
	}
	if in.err != nil {
		_, _ = out.Write(append(appendProblemLine(x.out[:0], s.problemOf(c, in.err)), '\n'))
	}
	out.end()
}

// An admission is the service key of a batch: it may end while lines arrive.
type admission struct {
	server  *Server
	request *http.Request
	call    *call
	in      *lineReader
	reads   int // of the body, when the service key was last looked at
	at      time.Time
}

// holds is how long the look at a service key holds for lines that had arrived before it.
const holds = 10 * time.Millisecond

// judge judges the key of a line and writes the verdict to x.out.
func (a *admission) judge(x *exchange, text []byte) *api.Problem {
	if len(text) > smallBody {
		return errTooLarge()
	}
	x.ask.reset()
	if p := x.ask.decode(text); p != nil {
		return p
	}
	now := time.Now()
	if a.reads != a.in.body.reads || now.Sub(a.at) > holds {
		if err := a.server.again(a.request, a.call); err != nil {
			return a.server.problemOf(a.call, err)
		}
		a.reads, a.at = a.in.body.reads, now
	}
	v, err := a.server.authority.VerifyAs(a.request.Context(), a.call.caller, x.ask.Ask)
	if err != nil {
		return a.server.problemOf(a.call, err)
	}
	a.server.logTagged(a.request, a.call, &x.ask.Ask)
	if v.Limit.Name != "" { // whose reset counts from after the judgement
		now = time.Now()
	}
	x.out = appendVerdict(x.out[:0], &v, now)
	return nil
}

// again looks at the service key of a stream, or at its session, once more.
func (s *Server) again(r *http.Request, c *call) error {
	now := call{id: c.id, address: c.address}
	if err := s.authenticate(r, &now, c.session != nil); err != nil {
		return err
	}
	c.caller = now.caller
	return nil
}
