// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright/authority"
)

func setRoutes(t *testing.T, a *authority.Authority, byDefault string, routes ...authority.Route) error {
	t.Helper()
	_, err := a.UpdateKeyspace(t.Context(), authority.Operator("test", authority.Origin{}), authority.KeyspaceRequest{Name: "default", Policy: &authority.Policy{Routes: routes, RoutesDefault: byDefault}})
	return err
}

// TestRoutes finds the first route that matches, by whole segments.
func TestRoutes(t *testing.T) {
	a, _ := open(t)
	routes := []authority.Route{
		{Method: "GET", Path: "/v1/invoices", Scopes: []string{"0"}},
		{Path: "/v1/invoices", Scopes: []string{"1"}},
		{Path: "/v1/*/export", Scopes: []string{"2"}},
		{Path: "/v1/caf%C3%A9", Scopes: []string{"3"}},
		{Path: "/admin/", Scopes: []string{"4"}},
	}
	if err := setRoutes(t, a, "", routes...); err != nil {
		t.Fatal(err)
	}
	r, ok := a.Routing("default")
	if !ok || !r.Needed() {
		t.Fatal("no routes")
	}
	const refused = "refused"
	for request, want := range map[string]string{
		"GET /v1/invoices": "0", "GET /v1/invoices/": "0", "GET /v1/invoices/7?a=/../b": "0", "GET /v1/%69nvoices": "0", "POST /v1/invoices/7": "1",
		"HEAD /v1/invoices": "1", "GET /v1/users/export": "2", "GET /v1/users/export/x": "2", "GET /v1/caf%c3%a9": "3", "GET /v1/café/x": "3", "GET /admin": "4", "GET /%61dmin/x": "4",
		"GET /v1/invoices2": refused, "GET /v1": refused, "GET /": refused, "GET /V1/invoices": refused, "GET /v1//export": refused, "GET /v1/export": refused,
		"get /v1/invoices": refused, "Get /v1/invoices": refused, " /v1/invoices": refused, "GET ": refused, "GET v1/invoices": refused,
		"GET http://h/v1/invoices": refused, "GET *": refused, "GET /v1/invoices/../../admin": refused, "GET /v1/invoices/./x": refused,
		"GET /v1/invoices//x": refused, "GET /v1/invoices%2fx": refused, "GET /v1/invoices%5Cx": refused, "GET /v1/invoices/%2e%2e/x": refused,
		"GET /v1/invoices/%2E": refused, "GET /v1/invoices;x": refused, "GET /v1/invoices%3bx": refused, "GET /v1/invoices\\x": refused,
		"GET /v1/invoices%00": refused, "GET /v1/invoices%7f": refused, "GET /v1/invoices\x7f": refused, "GET /v1/invoices\x01": refused, "GET /v1/invoices%252f": refused,
		"GET /v1/invoices%": refused, "GET /v1/invoices%4": refused, "GET /v1/invoices%zz": refused, "GET /v1/invoices%c0%af": refused, "GET /v1/invoices\xff": refused,
		"GET /v1/invoices#x": refused, "GET /v1/invoices%23": refused, "GET /v1/invoices%3f": refused, "GET /v1/%2a/export": refused,
		"GET /v1/invoices/" + strings.Repeat("x", 8<<10): refused,
	} {
		method, path, _ := strings.Cut(request, " ")
		route, reason := r.Find(method, path)
		got := refused
		if reason == "" {
			got = route.Scopes[0]
		}
		if got != want {
			t.Errorf("%.60q: %s, want %s", request, got, want)
		}
	}
}

// TestRoutesDefault refuses what no route matches, unless it is said otherwise.
func TestRoutesDefault(t *testing.T) {
	a, _ := open(t)
	invoices := []authority.Route{{Path: "/v1/invoices"}}
	for i, c := range []struct {
		byDefault string
		routes    []authority.Route
		needed    bool
		passes    bool
	}{
		{"", nil, false, true},
		{"", invoices, true, false},
		{authority.RoutesDeny, invoices, true, false},
		{authority.RoutesAllow, invoices, true, true},
		{authority.RoutesDeny, nil, true, false},
		{authority.RoutesAllow, nil, false, true},
	} {
		if err := setRoutes(t, a, c.byDefault, c.routes...); err != nil {
			t.Fatal(err)
		}
		r, _ := a.Routing("default")
		route, reason := r.Find("GET", "/other")
		if r.Needed() != c.needed || route != nil || (reason == "") != c.passes {
			t.Errorf("%d: needed %v, %q", i, r.Needed(), reason)
		}
		if _, reason := r.Find("GET", "/a/../v1/invoices"); c.needed && reason == "" {
			t.Errorf("%d: an ambiguous path passes", i)
		}
	}
	if _, ok := a.Routing("nowhere"); ok {
		t.Error("routes of no keyspace")
	}
}

// TestRoutesThatCannotBe names the field.
func TestRoutesThatCannotBe(t *testing.T) {
	a, _ := open(t)
	many := make([]authority.Route, 201)
	for i := range many {
		many[i].Path = fmt.Sprintf("/v%d", i)
	}
	for field, routes := range map[string][]authority.Route{
		"policy.routes":                many,
		"policy.routes[0].method":      {{Method: "get", Path: "/"}},
		"policy.routes[0].path":        {{}},
		"policy.routes[1].path":        {{Path: "/a"}, {Path: "b"}},
		"policy.routes[2].path":        {{Path: "/a"}, {Path: "/b"}, {Path: "/c/**"}},
		"policy.routes[3].path":        {{Path: "/a"}, {Path: "/b"}, {Path: "/c"}, {Path: "/d*"}},
		"policy.routes[0].scopes[1]":   {{Path: "/", Scopes: []string{"a", "b:*"}}},
		"policy.routes[0].scope_expr":  {{Path: "/", ScopeExpr: "a OR"}},
		"policy.routes[0].cost":        {{Path: "/", Cost: -1}},
		"policy.routes[0].environment": {{Path: "/", Environment: "staging"}},
		"policy.routes[1]":             {{Path: "/v1"}, {Path: "/v1/admin", Scopes: []string{"admin"}}},
		"policy.routes[2]":             {{Path: "/v1/*/x"}, {Path: "/v2"}, {Path: "/v1/a/x/y", Method: "GET"}},
		"policy.routes[3]":             {{Path: "/a"}, {Path: "/b"}, {Path: "/"}, {Path: "/c"}},
	} {
		var own *authority.Error
		if err := setRoutes(t, a, "", routes...); !errors.As(err, &own) || own.Kind != authority.Invalid || own.Field != field || own.Hint == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, routes := range [][]authority.Route{
		many[:200],
		{{Path: "/v1/admin"}, {Path: "/v1"}},
		{{Path: "/v1", Method: "GET"}, {Path: "/v1/admin"}},
		{{Path: "/v1/*/x"}, {Path: "/v1/*/*"}, {Path: "/v1/*"}},
		{{Path: "/v1/a/x"}, {Path: "/v1/*/x"}},
	} {
		if err := setRoutes(t, a, "", routes...); err != nil {
			t.Error(err)
		}
	}
	if err := setRoutes(t, a, "maybe"); err == nil {
		t.Error("a default that is neither")
	}
}

// TestRoutesLeaveEvents writes every route to the audit chain.
func TestRoutesLeaveEvents(t *testing.T) {
	a, _ := open(t)
	if err := setRoutes(t, a, "", authority.Route{Method: "PUT", Path: "/v1/x", Scopes: []string{"a", "b"}, ScopeExpr: "c OR d", Cost: 2, Environment: "live"}, authority.Route{Path: "/y"}); err != nil {
		t.Fatal(err)
	}
	events, err := a.Events(t.Context(), authority.Operator("test", authority.Origin{}), authority.EventQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range events {
		lines = append(lines, e.Changes...)
	}
	for _, want := range []string{"route 0 PUT /v1/x scopes a b scope_expr c OR d cost 2 environment live", "route 1 * /y"} {
		if !slices.Contains(lines, want) {
			t.Errorf("no %q in %q", want, lines)
		}
	}
}
