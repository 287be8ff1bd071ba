// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	kind "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/status"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/httpauth"
	"github.com/keywright/keywright/internal/gateway"
)

var ok = &status.Status{Code: int32(code.Code_OK)} // shared by all answers; never changed

// A pass is an answer that lets a request pass, in one piece of memory.
type pass struct {
	answer  auth.CheckResponse
	kind    auth.CheckResponse_OkResponse
	ok      auth.OkHttpResponse
	places  [len(identity)]*core.HeaderValueOption
	options [len(identity)]core.HeaderValueOption
	values  [len(identity)]core.HeaderValue
}

// passed lets a request pass. The service gets all headers that tell whom the key belongs to, the empty ones too: each
// replaces what the client sent.
func passed(d *gateway.Decision, c *check) *auth.CheckResponse {
	p := &pass{}
	h := make(http.Header, len(identity))
	d.Upstream(h)
	p.ok.Headers = p.places[:0]
	for name, values := range h {
		i := len(p.ok.Headers)
		if i == len(p.places) {
			p.ok.Headers = append(p.ok.Headers, overwrite(name, values[0]))
			continue
		}
		p.values[i].Key, p.values[i].Value = smallName(name), values[0]
		set(&p.options[i], &p.values[i])
		p.ok.Headers = append(p.ok.Headers, &p.options[i])
	}
	if c.settings.hideKey {
		p.ok.HeadersToRemove = []string{c.keyHeader()}
	}
	if d.Verdict.Limit.Name != "" {
		client := make(http.Header, 2)
		d.Client(client)
		p.ok.ResponseHeadersToAdd = overwrites(client)
	}
	p.kind.OkResponse = &p.ok
	p.answer.Status, p.answer.HttpResponse = ok, &p.kind
	return &p.answer
}

// keyHeader is the name of the header that carries the key, in a request that has one in one place.
func (c *check) keyHeader() string {
	switch {
	case c.settings.header != "":
		return c.settings.header
	case len(c.header[httpauth.HeaderAPIKey]) == 1 && strings.TrimSpace(c.header[httpauth.HeaderAPIKey][0]) != "":
		return "x-api-key"
	}
	return "authorization"
}

// refused answers the client in place of the service, as forward auth would.
func refused(d *gateway.Decision, c *check) *auth.CheckResponse {
	h := http.Header{"Content-Type": {api.MediaProblem}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"}}
	d.Client(h)
	p := d.Problem()
	if p.RequestID = c.id; c.id != "" {
		h[api.HeaderRequestID] = []string{c.id}
	}
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	_ = e.Encode(p) // a document of texts and numbers always can be
	return &auth.CheckResponse{
		Status: &status.Status{Code: int32(rpcCode(d.Status))},
		HttpResponse: &auth.CheckResponse_DeniedResponse{DeniedResponse: &auth.DeniedHttpResponse{
			Status: &kind.HttpStatus{Code: kind.StatusCode(d.Status)}, Headers: overwrites(h), Body: body.String(),
		}},
	}
}

// rpcCode is the code of a refusal. It is never OK, which Envoy lets pass.
func rpcCode(status int) code.Code {
	switch status {
	case http.StatusUnauthorized:
		return code.Code_UNAUTHENTICATED
	case http.StatusForbidden:
		return code.Code_PERMISSION_DENIED
	case http.StatusTooManyRequests:
		return code.Code_RESOURCE_EXHAUSTED
	}
	return code.Code_UNAVAILABLE
}

// overwrites tells Envoy to set headers, sorted by name.
func overwrites(h http.Header) []*core.HeaderValueOption {
	all := make([]*core.HeaderValueOption, 0, len(h))
	for name, values := range h {
		all = append(all, overwrite(name, values[0]))
	}
	slices.SortFunc(all, func(a, b *core.HeaderValueOption) int { return strings.Compare(a.Header.Key, b.Header.Key) })
	return all
}

func overwrite(name, value string) *core.HeaderValueOption {
	o := &core.HeaderValueOption{}
	set(o, &core.HeaderValue{Key: smallName(name), Value: value})
	return o
}

// set fills an option so that the header replaces whatever has its name, and stays where it is empty. The older field
// append must not be there: newer releases of Envoy would go by it.
func set(o *core.HeaderValueOption, v *core.HeaderValue) {
	o.Header, o.AppendAction, o.KeepEmptyValue = v, core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD, true
}

// smallName writes the name of a header as HTTP/2 does.
func smallName(name string) string {
	switch name {
	case gateway.HeaderKeyID:
		return identity[0]
	case gateway.HeaderOwner:
		return identity[1]
	case gateway.HeaderScopes:
		return identity[2]
	case gateway.HeaderEnvironment:
		return identity[3]
	}
	return strings.ToLower(name)
}
