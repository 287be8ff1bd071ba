// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"context"
	"net/http"
	"strings"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/keywright/keywright/internal/gateway"
)

// A check is one request that Envoy asks about.
type check struct {
	request  *auth.AttributeContext_HttpRequest
	id       string
	header   http.Header
	settings settings
}

// Check implements envoy.service.auth.v3.Authorization. It returns no error: who can be told no judgement is told 503, in a
// message that Envoy takes for a refusal whatever else it is told to do.
func (s *Server) Check(ctx context.Context, q *auth.CheckRequest) (answer *auth.CheckResponse, _ error) {
	start := time.Now()
	c := check{request: q.GetAttributes().GetRequest().GetHttp()}
	var d gateway.Decision
	defer func() {
		if v := recover(); v != nil {
			s.logPanic(&c, v)
			d = gateway.Decision{Status: http.StatusServiceUnavailable, Code: gateway.Unavailable}
			answer = refused(&d, &c)
		}
		s.finish(ctx, &c, &d, time.Since(start))
	}()
	c.id = s.options.RequestID(idsOf(c.request))
	if d = s.decide(ctx, q.GetAttributes(), &c); d.Allowed {
		return passed(&d, &c), nil
	}
	return refused(&d, &c), nil
}

func (s *Server) decide(ctx context.Context, q *auth.AttributeContext, c *check) gateway.Decision {
	proxy, err := s.admit(ctx, c.id)
	if err != nil {
		return gateway.Refusal(err)
	}
	if c.request == nil {
		return gateway.Refusal(&gateway.ConfigError{
			Problem: "the proxy tells of no HTTP request", Hint: "put ext_authz among the filters of HTTP, not among those of the network",
		})
	}
	if c.settings, err = s.settings(q.GetContextExtensions()); err != nil {
		return gateway.Refusal(err)
	}
	if c.header, err = headersOf(c.request, c.settings.header); err != nil {
		return gateway.Unidentified(err)
	}
	return s.options.Gateway.Decide(ctx, &gateway.Request{
		Proxy: proxy, Keyspace: c.settings.keyspace, Options: c.settings.options, Header: c.header,
		Method: c.request.GetMethod(), Path: pathOf(c.request), ClientIP: clientAddress(q.GetSource().GetAddress()),
	})
}

// pathOf returns the path of a request as it came, without the query. A request without one (CONNECT) is about no path in
// particular, which HTTP writes as *.
func pathOf(r *auth.AttributeContext_HttpRequest) string {
	path, _, _ := strings.Cut(r.GetPath(), "?")
	if path == "" {
		return "*"
	}
	return path
}

// idsOf are the values of X-Request-Id.
func idsOf(r *auth.AttributeContext_HttpRequest) []string {
	const name = "x-request-id"
	if id, ok := r.GetHeaders()[name]; ok {
		return []string{id}
	}
	for _, h := range r.GetHeaderMap().GetHeaders() {
		if h.GetKey() == name {
			return []string{string(h.GetRawValue())}
		}
	}
	return nil
}
