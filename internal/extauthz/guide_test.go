// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	bootstrap "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	filter "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	manager "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	upstream "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const filterName = "envoy.filters.http.ext_authz"

// guide reads docs/gateways/envoy.yaml as Envoy would: as its own messages, which know no unknown field.
func guide(t *testing.T) (*bootstrap.Bootstrap, *manager.HttpConnectionManager, *filter.ExtAuthz) {
	t.Helper()
	text, err := os.ReadFile("../../docs/gateways/envoy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	object, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	b := &bootstrap.Bootstrap{}
	if err := protojson.Unmarshal(object, b); err != nil {
		t.Fatal(err)
	}
	if err := b.ValidateAll(); err != nil {
		t.Error(err)
	}
	m := opened[*manager.HttpConnectionManager](t, b.StaticResources.Listeners[0].FilterChains[0].Filters[0].GetTypedConfig())
	if m.HttpFilters[0].Name != filterName || m.HttpFilters[1].Name != "envoy.filters.http.router" || len(m.HttpFilters) != 2 {
		t.Fatal(m.HttpFilters)
	}
	return b, m, opened[*filter.ExtAuthz](t, m.HttpFilters[0].GetTypedConfig())
}

// opened reads a message within another.
func opened[M interface {
	proto.Message
	ValidateAll() error
}](t *testing.T, within *anypb.Any) M {
	t.Helper()
	opened, err := within.UnmarshalNew()
	if err != nil {
		t.Fatal(err)
	}
	m, ok := opened.(M)
	if !ok {
		t.Fatalf("%T", opened)
	}
	if err := m.ValidateAll(); err != nil {
		t.Error(err)
	}
	return m
}

// TestGuide reads the configuration of the guide, whose parts must fit together, and fail closed.
func TestGuide(t *testing.T) {
	b, m, f := guide(t)
	if f.FailureModeAllow || f.TransportApiVersion != core.ApiVersion_V3 || f.StatusOnError.GetCode() != 503 || f.GetGrpcService() == nil {
		t.Error(f)
	}
	var clusters []string
	for _, c := range b.StaticResources.Clusters {
		if clusters = append(clusters, c.Name); c.LoadAssignment.ClusterName != c.Name {
			t.Error(c)
		}
		if c.Name != f.GetGrpcService().GetEnvoyGrpc().GetClusterName() {
			continue
		}
		const name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
		if o := opened[*upstream.HttpProtocolOptions](t, c.TypedExtensionProtocolOptions[name]); o.GetExplicitHttpConfig().GetHttp2ProtocolOptions() == nil {
			t.Error("gRPC needs HTTP/2")
		}
		if service := c.HealthChecks[0].GetGrpcHealthCheck().GetServiceName(); !serves(service) || service == "" {
			t.Error(service)
		}
	}
	if !slices.Contains(clusters, f.GetGrpcService().GetEnvoyGrpc().GetClusterName()) {
		t.Error(clusters)
	}
	for _, r := range m.GetRouteConfig().VirtualHosts[0].Routes {
		if !slices.Contains(clusters, r.GetRoute().GetCluster()) {
			t.Error(r)
		}
	}
	sent := map[string]bool{}
	for _, p := range f.AllowedHeaders.Patterns {
		sent[p.GetExact()+p.GetPrefix()] = true
	}
	for _, name := range []string{"authorization", "x-api-key", "origin", "x-request-id", "x-keywright-"} {
		if !sent[name] {
			t.Errorf("%s is not sent", name)
		}
	}
	if !m.GetUseRemoteAddress().GetValue() || !m.GetNormalizePath().GetValue() ||
		m.PathWithEscapedSlashesAction != manager.HttpConnectionManager_REJECT_REQUEST ||
		m.GetCommonHttpProtocolOptions().GetHeadersWithUnderscoresAction() != core.HttpProtocolOptions_REJECT_REQUEST {
		t.Error("paths or headers can be read in two ways")
	}
}

// TestGuideAsks asks what Envoy would with the configuration of the guide: what a route says is added to what its host says.
func TestGuideAsks(t *testing.T) {
	_, m, _ := guide(t)
	h := newHouse(t)
	if _, err := h.authority.CreateKeyspace(t.Context(), h.operator(), authority.KeyspaceRequest{Name: "acme"}); err != nil {
		t.Fatal(err)
	}
	key, _ := h.key(authority.IssueRequest{Keyspace: "acme", Scopes: []string{"invoices:read"}, Credits: &authority.CreditsRequest{Remaining: 3}})
	host := m.GetRouteConfig().VirtualHosts[0]
	ask := func(r *route.Route) map[string]string {
		all := map[string]string{}
		for _, config := range []map[string]*anypb.Any{host.TypedPerFilterConfig, r.TypedPerFilterConfig} {
			if packed := config[filterName]; packed != nil {
				maps.Copy(all, opened[*filter.ExtAuthzPerRoute](t, packed).GetCheckSettings().GetContextExtensions())
			}
		}
		if all["keyspace"] != "acme" || all["environment"] != "live" {
			t.Error(all)
		}
		return all
	}
	invoices, rest := asks("GET", "/v1/invoices", key), asks("GET", "/", key)
	invoices.Attributes.ContextExtensions, rest.Attributes.ContextExtensions = ask(host.Routes[0]), ask(host.Routes[1])
	a := h.check(invoices) // costs 2
	if h.wantPass(a); len(a.GetOkResponse().HeadersToRemove) != 1 {
		t.Error(a)
	}
	if h.wantPass(h.check(rest)); host.Routes[0].Match.GetPathSeparatedPrefix() != "/v1/invoices" || host.Routes[1].Match.GetPrefix() != "/" {
		t.Error("the routes are others")
	}
	h.wantRefusal(h.check(rest), 429, api.TooManyRequests)
}
