// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// A call is what is known of one request.
type call struct {
	id      string
	address netip.Addr // of the peer
	caller  authority.Caller
	route   string            // the pattern; empty: none
	tags    []string          // of the verification, once they are known to be some
	fault   error             // what went wrong inside, for the log
	code    string            // of a decision about a request that a proxy asked about
	reason  string            // why it was refused
	subject *x509.Certificate // of the client, verified; nil: none
	session *api.Session      // that the cookie stands for; nil: the caller came with a service key

	trace   string // the id of the trace; empty: none
	endSpan func(route string, status int, requestID string)
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf returns the call of a context; requests always have one.
func callOf(ctx context.Context) *call {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return &call{}
	}
	return c
}

func (s *Server) newCall(r *http.Request) call {
	c := call{id: s.ids.of(r.Header[api.HeaderRequestID])}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.address = peer.Addr().Unmap()
	}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		c.subject = r.TLS.VerifiedChains[0][0]
	}
	return c
}

// ids makes request ids: some random characters of this process, and a number.
type ids struct {
	process string
	last    *atomic.Uint64
}

func newIDs() ids {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return ids{hex.EncodeToString(b[:]) + "-", &atomic.Uint64{}}
}

// of returns the id that a client gave, where it is sane, or a new one.
func (i ids) of(given []string) string {
	if len(given) == 1 && saneID(given[0]) {
		return given[0]
	}
	var room [40]byte
	return string(strconv.AppendUint(append(room[:0], i.process...), i.last.Add(1), 10))
}

// saneID takes what UUIDs, ULIDs and trace ids are made of. No underscore: an id is logged and kept with events, and a
// key that was sent by mistake must not be.
func saneID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
