// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// bulkPause is how long lines may be gathered before they are sent.
const bulkPause = 200 * time.Millisecond

// bulk serves POST /v1/keys/bulk: one verb to many keys, answered by a line for each as it is done, and a last one.
func (s *Server) bulk(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	text, p := readAll(r)
	var q api.BulkRequest
	if p == nil {
		p = decode(text, &q)
	}
	if p == nil {
		p = checkBulk(&q)
	}
	if p != nil {
		p.RequestID = c.id
		writeProblem(w, p)
		return
	}
	b := bulking{server: s, call: c, request: r, response: w, end: api.BulkEnd{DryRun: q.DryRun}}
	_, err := s.authority.Bulk(r.Context(), c.caller, bulkRequest(&q), func(result authority.BulkResult) error {
		return b.answer(r.Context(), &result)
	})
	b.finish(err)
}

func checkBulk(q *api.BulkRequest) *api.Problem {
	switch {
	case q.Reason != "" && q.Verb != api.BulkRevoke:
		return invalid("reason", "stands beside another verb than revoke", "leave it out")
	case q.Rotate != nil && q.Verb != api.BulkRotate:
		return invalid("rotate", "stands beside another verb than rotate", "leave it out")
	}
	return nil
}

func bulkRequest(q *api.BulkRequest) authority.BulkRequest {
	f := &q.Filter
	request := authority.BulkRequest{
		Verb: q.Verb, DryRun: q.DryRun, Reason: q.Reason,
		Filter: authority.Filter{
			Keyspace: f.Keyspace, Owner: f.Owner, Scope: f.Scope, Network: f.Network, CreatedSince: f.CreatedSince,
			CreatedBefore: f.CreatedBefore, ExpiresBefore: f.ExpiresBefore, State: authority.State(f.State), Text: f.Text,
			Due: f.Due, All: f.All,
		},
	}
	if q.Rotate != nil {
		request.Rotate = authority.RotateRequest{Grace: grace(q.Rotate.Grace), Force: q.Rotate.Force}
	}
	return request
}

// bulking is a bulk act on its way.
type bulking struct {
	server   *Server
	call     *call
	request  *http.Request
	response http.ResponseWriter
	out      *lineWriter // nil: nothing was written yet
	sent     time.Time   // when lines were last sent
	end      api.BulkEnd
}

// answer writes what became of a key. An error ends the act.
func (b *bulking) answer(ctx context.Context, r *authority.BulkResult) error {
	b.begin()
	b.end.Count++
	line := b.server.bulkResult(r)
	if r.Done {
		b.end.Done++
	}
	if r.Err != nil {
		b.end.Failed++
		line.Problem = b.server.problemOf(b.call, r.Err)
	}
	if err := b.out.write(api.BulkLine{BulkResult: &line}); err != nil {
		return err
	}
	if !r.Key.IsZero() || time.Since(b.sent) > bulkPause { // a new key must not wait here: nothing shows it again
		b.sent = time.Now()
		if err := b.out.flush(); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return b.server.again(b.request, b.call) // the service key may have ended meanwhile
}

func (b *bulking) begin() {
	if b.out == nil {
		b.out, b.sent = b.server.newLineWriter(b.response), time.Now()
	}
}

// finish writes the last line. Where nothing was written yet, a refusal is the whole answer.
func (b *bulking) finish(err error) {
	if err != nil {
		p := b.server.problemOf(b.call, err)
		if b.out == nil {
			writeProblem(b.response, p)
			return
		}
		b.end.Problem = p
	}
	b.begin()
	_ = b.out.write(api.BulkLine{End: &b.end})
	_ = b.out.flush() // a client that went away is no fault
}

func (s *Server) bulkResult(r *authority.BulkResult) api.BulkResult {
	line := api.BulkResult{
		ID: r.Record.ID, Name: r.Record.Name, Owner: r.Record.Owner, State: string(s.authority.StateOf(&r.Record)), Done: r.Done,
		Key: api.NewKey(r.Key),
	}
	if len(r.Record.Secrets) > 0 {
		line.PublicID = r.Record.Secrets[0].PublicID
	}
	if !r.Key.IsZero() {
		line.PreviousEndsAt, _ = previousEnd(&r.Record)
	}
	return line
}
