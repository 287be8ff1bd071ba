// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/gateway"
)

// TestCheckMisconfigured fails closed, and never so that it reads as a bad key; the log has a hint.
func TestCheckMisconfigured(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	for name, c := range map[string]struct {
		q    *auth.CheckRequest
		hint string
	}{
		"no such keyspace": {with(asks("GET", "/", key), "keyspace", "nowhere"), "the name of a keyspace"},
		"of service keys":  {with(asks("GET", "/", key), "keyspace", "keywright"), "the keyspace of your API"},
		"an unknown name":  {with(asks("GET", "/", key), "enviroment", "live"), "they may have keyspace"},
		"limited":          {with(asks("GET", "/", key), "limited", "403"), "they may have keyspace"},
		"empty":            {with(asks("GET", "/", key), "environment", ""), "leave it out"},
		"no environment":   {with(asks("GET", "/", key), "environment", "!"), "such as live"},
		"no cost":          {with(asks("GET", "/", key), "cost", "0"), "1,000,000,000"},
		"no header":        {with(asks("GET", "/", key), "header", "a b"), "X-Acme-Key"},
		"a wildcard":       {with(asks("GET", "/", key), "scopes", "*"), "no *"},
		"hidden perhaps":   {with(asks("GET", "/", key), "hide_key", "yes"), "leave it out"},
		"nothing at all":   {&auth.CheckRequest{}, "among the filters of HTTP"},
		"no request":       {&auth.CheckRequest{Attributes: &auth.AttributeContext{Request: &auth.AttributeContext_Request{}}}, "among the filters of HTTP"},
	} {
		a := h.check(c.q)
		client := h.wantRefusal(a, 503, api.Unavailable)
		if log := lastLine(h.log.String()); !strings.Contains(log, gateway.Misconfigured) || !strings.Contains(log, c.hint) || !strings.Contains(log, `"ERROR"`) {
			t.Errorf("%s: %s", name, log)
		}
		if strings.Contains(a.String(), c.hint) || client["retry-after"][0] != "1" {
			t.Errorf("%s: the client is told %v", name, a)
		}
	}
}

// TestCannotJudge answers 503 when nobody can tell, and OK to none; so it does when it is broken itself.
func TestCannotJudge(t *testing.T) {
	h := newHouse(t)
	h.store.down.Store(true) // and the table is not warm: every key must be asked for
	f, err := keywright.Preset(keywright.DefaultPreset)
	if err != nil {
		t.Fatal(err)
	}
	f.Prefix = "default"
	unknown, err := keywright.Generate(f)
	if err != nil {
		t.Fatal(err)
	}
	client := h.wantRefusal(h.check(asks("GET", "/", unknown.Reveal())), 503, api.Unavailable)
	if client["retry-after"][0] != "1" || strings.Contains(h.log.String(), unknown.Reveal()) {
		t.Error(client, h.log)
	}
	h.server.options.Gateway = nil // so every check panics
	h.wantRefusal(h.check(asks("GET", "/", unknown.Reveal())), 503, api.Unavailable)
	if log := h.log.String(); !strings.Contains(log, "a check panicked") || strings.Contains(log, unknown.Reveal()) {
		t.Error(log)
	}
}

// TestUnknownPeer tells a stranger nothing, and judges and spends nothing.
func TestUnknownPeer(t *testing.T) {
	h := newHouse(t, func(p *place) { p.networks = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")} })
	key, id := h.key(authority.IssueRequest{Credits: &authority.CreditsRequest{Remaining: 10}})
	verify, other := h.serviceKey("keys:verify"), h.serviceKey("keys:read")
	checker := grpc_health_v1.NewHealthClient(h.conn)
	for name, c := range map[string]struct {
		keys []string
		may  bool
	}{
		"a stranger":          {nil, false},
		"with a service key":  {[]string{verify}, true},
		"two service keys":    {[]string{verify, verify}, false},
		"a wrong service key": {[]string{verify + "x"}, false},
		"a customer's key":    {[]string{key}, false},
		"without the scope":   {[]string{other}, false},
	} {
		ctx := t.Context()
		for _, k := range c.keys {
			ctx = metadata.AppendToOutgoingContext(ctx, "x-keywright-proxy", k)
		}
		a, err := h.client.Check(ctx, asks("GET", "/", key, "x-keywright-proxy", verify))
		if err != nil {
			t.Fatal(err)
		}
		_, err = checker.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
		if c.may {
			if h.wantPass(a); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		h.wantRefusal(a, 403, api.AccessDenied)
		if log := lastLine(h.log.String()); !strings.Contains(log, "--proxy-network") || !strings.Contains(log, `"WARN"`) || !strings.Contains(log, gateway.UnknownPeer) {
			t.Errorf("%s: no hint in %s", name, log)
		}
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s: health: %v", name, err)
		}
		watch, err := checker.Watch(ctx, &grpc_health_v1.HealthCheckRequest{})
		if err == nil {
			_, err = watch.Recv()
		}
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s: health: %v", name, err)
		}
	}
	balance, err := h.authority.Credits(t.Context(), h.operator(), id)
	if err != nil || balance.Remaining != 9 {
		t.Errorf("%+v %v", balance, err)
	}
	if log := h.log.String(); strings.Contains(log, verify) || strings.Contains(log, key) {
		t.Error("the log holds a key")
	}
}

// TestSocketPeer believes who may connect to a Unix socket.
func TestSocketPeer(t *testing.T) {
	h := newHouse(t, func(p *place) { p.networks, p.network = nil, "unix" })
	key, _ := h.key(authority.IssueRequest{})
	h.wantPass(h.check(asks("GET", "/", key)))
}

// TestBounds refuses what is no request, or too big to be one, and lives on.
func TestBounds(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	_, err := h.client.Check(t.Context(), asks("GET", "/", key, "x-big", strings.Repeat("x", maxMessage)))
	if status.Code(err) != codes.ResourceExhausted {
		t.Error(err)
	}
	h.wantPass(h.check(asks("GET", "/", key, "x-big", strings.Repeat("x", 64<<10))))
	for name, garbage := range map[string]*wrapperspb.BytesValue{
		"no attributes": wrapperspb.Bytes([]byte("\xff\xff\xff\xff\xff")), "text that is none": wrapperspb.Bytes([]byte("\x22\x01\xff")),
	} {
		answer := &auth.CheckResponse{}
		err := h.conn.Invoke(t.Context(), "/envoy.service.auth.v3.Authorization/Check", garbage, answer, grpc.WaitForReady(true))
		if err == nil && answer.GetStatus().GetCode() == 0 {
			t.Errorf("%s passes", name)
		}
	}
	if err := h.conn.Invoke(t.Context(), "/envoy.service.auth.v2.Authorization/Check", &auth.CheckRequest{}, &auth.CheckResponse{}); status.Code(err) != codes.Unimplemented {
		t.Error(err)
	}
	bytes := raw(asks("GET", "/", key))
	m := bytes.Attributes.Request.Http.HeaderMap
	m.Headers[0].RawValue = append(m.Headers[0].RawValue, 0xff) // no text, in a header that is none of ours or carries the key
	if a := h.check(bytes); m.Headers[0].Key == "authorization" && a.GetDeniedResponse() == nil {
		t.Error(a)
	}
	h.wantPass(h.check(asks("GET", "/", key)))
}

// TestFigures counts, and logs each check once.
func TestFigures(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	h.check(asks("GET", "/", key))
	if log := lastLine(h.log.String()); !strings.Contains(log, `"VALID"`) || !strings.Contains(log, `"DEBUG"`) || !strings.Contains(log, `id-1-[r1]`) {
		t.Error(log)
	}
	h.check(asks("GET", "/", "x"))
	if log := lastLine(h.log.String()); !strings.Contains(log, `"MALFORMED"`) || !strings.Contains(log, `"DEBUG"`) {
		t.Error(log)
	}
	h.check(raw(asks("GET", "/", "")))
	if log := lastLine(h.log.String()); !strings.Contains(log, `"NO_KEY"`) || !strings.Contains(log, `id-1-[r1]`) {
		t.Error(log)
	}
	families, err := h.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counted, took := map[string]float64{}, uint64(0)
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == "keywright_ext_authz_checks_total" {
				counted[m.Label[0].GetValue()] = m.Counter.GetValue()
			} else {
				took += m.Histogram.GetSampleCount()
			}
		}
	}
	if counted["VALID"] != 1 || counted["MALFORMED"] != 1 || counted["NO_KEY"] != 1 || took != 3 {
		t.Error(counted, took)
	}
	if strings.Contains(h.log.String(), key) {
		t.Error("the log holds a key")
	}
}

// TestHealth says what /readyz says, and at the end that the server goes.
func TestHealth(t *testing.T) {
	var down error
	h := newHouse(t, func(p *place) {
		p.options.Ready = func(context.Context) error { return down }
		p.options.Drain = time.Minute // until the client goes
	})
	checker := grpc_health_v1.NewHealthClient(h.conn)
	ask := func(service string) (grpc_health_v1.HealthCheckResponse_ServingStatus, error) {
		a, err := checker.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
		return a.GetStatus(), err
	}
	for _, service := range []string{"", "envoy.service.auth.v3.Authorization"} {
		if got, err := ask(service); got != grpc_health_v1.HealthCheckResponse_SERVING || err != nil {
			t.Error(service, got, err)
		}
	}
	if _, err := ask("other"); status.Code(err) != codes.NotFound {
		t.Error(err)
	}
	down = context.Canceled
	if got, err := ask(""); got != grpc_health_v1.HealthCheckResponse_NOT_SERVING || err != nil {
		t.Error(got, err)
	}
	down = nil
	watch, err := checker.Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := watch.Recv(); a.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING || err != nil {
		t.Fatal(a, err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- h.stop() }()
	if a, err := watch.Recv(); a.GetStatus() != grpc_health_v1.HealthCheckResponse_NOT_SERVING || err != nil {
		t.Error(a, err)
	}
	if _, err := watch.Recv(); status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	key, _ := h.key(authority.IssueRequest{})
	h.wantPass(h.check(asks("GET", "/", key))) // the doors are open until clients have gone
	_ = h.conn.Close()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
