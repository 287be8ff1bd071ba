// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/keywright/keywright/internal/extauthz"
	"github.com/keywright/keywright/internal/gateway"
)

// The doors of proxies judge and do nothing else, and tell the client no more than a status and what it must ask for. So
// their wanted codes are those that a client can tell apart; everything but a verification goes by HTTP.
const (
	refusedKey    = "401 invalid_token"
	refusedScope  = "403 insufficient_scope"
	refusedAsk    = "403"
	refusedForNow = "429"
)

// proxied are the codes as a client sees them behind a proxy.
var proxied = map[string]string{
	"VALID": "VALID", "FORBIDDEN": refusedAsk, "INSUFFICIENT_SCOPE": refusedScope, "RATE_LIMITED": refusedForNow, "CREDITS_EXHAUSTED": refusedForNow,
	"MALFORMED": refusedKey, "NOT_FOUND": refusedKey, "REVOKED": refusedKey, "DISABLED": refusedKey, "EXPIRED": refusedKey, "NOT_YET_VALID": refusedKey,
}

// A coarse entrance tells less than the code of a verdict.
type coarse interface{ means(code string) string }

// sayable reports whether a proxy can ask what a verification asks.
func sayable(with fields) bool {
	for _, name := range []string{"scope_expr", "tags", "limits"} {
		if with[name] != nil {
			return false
		}
	}
	return true
}

// options are what the configuration of a proxy says, by name.
func options(with fields) url.Values {
	q := url.Values{}
	if environment, ok := with["environment"].(string); ok {
		q.Set("environment", environment)
	}
	if scopes, ok := with["scopes"].([]string); ok {
		q.Set("scopes", strings.Join(scopes, " "))
	}
	if cost, ok := with["cost"].(int); ok {
		q.Set("cost", strconv.Itoa(cost))
	}
	return q
}

// text is a field, or what stands for it where it is not there.
func (f fields) text(name, otherwise string) string {
	if s, ok := f[name].(string); ok {
		return s
	}
	return otherwise
}

// byProxy is forward auth, as nginx asks.
type byProxy struct{ overHTTP }

func (byProxy) means(code string) string { return proxied[code] }

func (d byProxy) verify(t *testing.T, key string, with fields) (string, bool) {
	if !sayable(with) {
		code, refused := d.overHTTP.verify(t, key, with)
		return d.means(code), refused
	}
	r, err := http.NewRequest("GET", d.url+"/v1/auth/"+with["keyspace"].(string)+"?"+options(with).Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("X-Original-Method", with.text("method", "GET"))
	r.Header.Set("X-Original-URI", with.text("path", "/"))
	r.Header.Set("X-Real-IP", with.text("client_ip", "203.0.113.7"))
	if origin := with.text("origin", ""); origin != "" {
		r.Header.Set("Origin", origin)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return answered(t, response.StatusCode, response.Header)
}

// answered is what a client learns of the answer of a proxy.
func answered(t *testing.T, status int, h http.Header) (code string, refused bool) {
	t.Helper()
	_, parameter, _ := strings.Cut(h.Get("WWW-Authenticate"), `error="`)
	code = strings.TrimSpace(strconv.Itoa(status) + " " + strings.TrimSuffix(parameter, `"`))
	switch {
	case status == http.StatusNoContent && strings.HasPrefix(h.Get(gateway.HeaderKeyID), "key_"):
		return "VALID", false
	case status == http.StatusServiceUnavailable:
		return "", true
	case status < 400 || h.Get(gateway.HeaderKeyID) != "":
		t.Fatalf("%d with the key id %q", status, h.Get(gateway.HeaderKeyID))
	}
	return code, false
}

// byEnvoy is ext_authz, over a connection of gRPC.
type byEnvoy struct {
	overHTTP
	checks auth.AuthorizationClient
}

func newEnvoy(t *testing.T, w *world) byEnvoy {
	t.Helper()
	door, err := extauthz.New(extauthz.Options{Gateway: gateway.New(w.authority, gateway.Loopback()), Drain: 1, StopTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- door.Serve(ctx, l) }()
	conn, err := grpc.NewClient("passthrough:///"+l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return byEnvoy{overHTTP{w}, auth.NewAuthorizationClient(conn)}
}

func (byEnvoy) means(code string) string { return proxied[code] }

func (d byEnvoy) verify(t *testing.T, key string, with fields) (string, bool) {
	if !sayable(with) {
		code, refused := d.overHTTP.verify(t, key, with)
		return d.means(code), refused
	}
	extensions := map[string]string{"keyspace": with["keyspace"].(string)}
	for name, values := range options(with) {
		extensions[name] = values[0]
	}
	headers := map[string]string{"authorization": "Bearer " + key}
	if origin := with.text("origin", ""); origin != "" {
		headers["origin"] = origin
	}
	address := &core.SocketAddress{Address: netip.MustParseAddr(with.text("client_ip", "203.0.113.7")).String(), PortSpecifier: &core.SocketAddress_PortValue{PortValue: 40000}}
	answer, err := d.checks.Check(t.Context(), &auth.CheckRequest{Attributes: &auth.AttributeContext{
		Source: &auth.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: address}}},
		Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
			Method: with.text("method", "GET"), Path: with.text("path", "/"), Headers: headers,
		}},
		ContextExtensions: extensions,
	}})
	if err != nil {
		t.Fatal(err)
	}
	status, list := http.StatusNoContent, answer.GetOkResponse().GetHeaders()
	if answer.Status.Code != 0 {
		status, list = int(answer.GetDeniedResponse().GetStatus().GetCode()), answer.GetDeniedResponse().GetHeaders()
	}
	h := http.Header{}
	for _, o := range list {
		h.Set(o.Header.Key, o.Header.Value)
	}
	return answered(t, status, h)
}
