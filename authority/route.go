// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keywright/keywright"
)

const (
	maxRoutes    = 200
	maxRoutePath = 1024
	maxExpr      = 1024
)

// What becomes of a request that no route matches.
const (
	RoutesAllow = "allow" // any key of the keyspace that is valid will do
	RoutesDeny  = "deny"  // it is refused, whatever the key
)

// A Route says what a request must bring to a gateway beside a key that is valid. Of the routes of a keyspace, the first
// that matches counts.
type Route struct {
	Method      string   `json:"method,omitempty"` // in upper case; empty: every
	Path        string   `json:"path"`             // as the allowed paths of a record: it and all below; a segment * is any one
	Scopes      []string `json:"scopes,omitempty"` // all are needed
	ScopeExpr   string   `json:"scope_expr,omitempty"`
	Cost        int64    `json:"cost,omitempty"` // 0: 1, or as the gateway is configured
	Environment string   `json:"environment,omitempty"`
}

// Routing finds the route of a request. It is never changed.
type Routing struct {
	routes []Route
	deny   bool
}

// Routing returns the routes of a keyspace, or false where there is no such keyspace. Gateways ask: who calls Verify
// itself says what it wants.
func (a *Authority) Routing(keyspace string) (*Routing, bool) {
	s := a.space(keyspace)
	if s == nil {
		return nil, false
	}
	return &s.routing, true
}

func routingOf(p *Policy) Routing {
	return Routing{routes: p.Routes, deny: p.RoutesDefault == RoutesDeny || p.RoutesDefault == "" && len(p.Routes) > 0}
}

// Needed reports whether method and path of a request matter.
func (r *Routing) Needed() bool { return len(r.routes) > 0 || r.deny }

// Find returns the first route that matches a method and a path, which is as it was received: still escaped. No route
// and no reason means that a valid key will do. A reason says, for the log, why the request must be refused.
func (r *Routing) Find(method, path string) (route *Route, reason string) {
	if !r.Needed() {
		return nil, ""
	}
	if !plainMethod(method) {
		return nil, "the method is not written in capitals"
	}
	path, ok := readPath(path)
	if !ok {
		return nil, "the path can be read in more than one way"
	}
	for i := range r.routes {
		if m := r.routes[i].Method; (m == "" || m == method) && withinPath(r.routes[i].Path, path) {
			return &r.routes[i], ""
		}
	}
	if r.deny {
		return nil, "no route of the keyspace matches"
	}
	return nil, ""
}

// plainMethod reports whether a method is one that no service takes for another: small letters are, by some, for capitals.
func plainMethod(m string) bool {
	return m != "" && len(m) <= 32 && !strings.ContainsFunc(m, func(c rune) bool { return (c < 'A' || c > 'Z') && c != '-' && c != '_' })
}

// checkRoutes refuses routes that cannot be meant.
func (p *Policy) checkRoutes(k *Keyspace) error {
	if !slices.Contains([]string{"", RoutesAllow, RoutesDeny}, p.RoutesDefault) {
		return invalid("policy.routes_default", "is neither allow nor deny", "leave it out to refuse what no route matches, as soon as there are routes")
	}
	if len(p.Routes) > maxRoutes {
		return invalid("policy.routes", fmt.Sprintf("has more than %d entries", maxRoutes), "let a route stand for all paths below it, or use * for a segment")
	}
	for i := range p.Routes {
		field := fmt.Sprintf("policy.routes[%d]", i)
		if err := p.Routes[i].check(field, k); err != nil {
			return err
		}
		for j := range i {
			if p.Routes[j].hides(&p.Routes[i]) {
				return invalid(field, fmt.Sprintf("is never reached: routes[%d] matches all that it does", j), "the first route that matches counts: put the narrower one first")
			}
		}
	}
	return nil
}

func (r *Route) check(field string, k *Keyspace) error {
	if r.Method != "" && (len(r.Method) > 20 || !plainMethod(r.Method)) {
		return invalid(field+".method", "is not a method", "use upper case, such as GET, or leave it out for every method")
	}
	if path, ok := readPath(r.Path); !ok || len(r.Path) > maxRoutePath || strings.Contains(r.Path, "?") {
		return invalid(field+".path", "is not a path", "use whole segments, such as /v1/invoices or /v1/*/read")
	} else if slices.ContainsFunc(strings.Split(path, "/"), func(s string) bool { return s != "*" && strings.Contains(s, "*") }) {
		return invalid(field+".path", "holds a * that is no whole segment", "* stands for one segment, as in /v1/*/read; a path stands for all below it, so nothing is needed at the end")
	}
	if len(r.Scopes) > maxEntries {
		return tooMany(field+".scopes", maxEntries)
	}
	for i, s := range r.Scopes {
		if keywright.CheckScope(s) != nil {
			return invalid(fmt.Sprintf("%s.scopes[%d]", field, i), "is not a scope", "use segments of letters, digits, _ and -, joined by : . or /, such as invoices:read; no *")
		}
	}
	if r.ScopeExpr != "" {
		if _, err := keywright.ParseScopeExpr(r.ScopeExpr); err != nil || len(r.ScopeExpr) > maxExpr {
			return invalid(field+".scope_expr", "cannot be read", "use scopes with AND, OR and parentheses, such as a:read OR (a:write AND b:read)")
		}
	}
	if r.Cost < 0 || r.Cost > maxCost {
		return invalid(field+".cost", "is not between 1 and 1,000,000,000", "leave it out for 1")
	}
	if r.Environment != "" && !slices.Contains(k.Environments, r.Environment) {
		return invalid(field+".environment", "is not one of the keyspace", "use one of "+strings.Join(k.Environments, ", ")+", or leave it out")
	}
	return nil
}

// hides reports whether a route matches all that another does.
func (r *Route) hides(other *Route) bool {
	return (r.Method == "" || r.Method == other.Method) && withinPath(r.Path, unescaped(strings.TrimSuffix(other.Path, "/")))
}

// routeLines tell the audit chain which routes there are from now on, one a line.
func routeLines(p *Policy) (lines []string) {
	for i, r := range p.Routes {
		method := r.Method
		if method == "" {
			method = "*"
		}
		line := fmt.Sprintf("route %d %s %s", i, method, r.Path)
		if len(r.Scopes) > 0 {
			line += " scopes " + strings.Join(r.Scopes, " ")
		}
		if r.ScopeExpr != "" {
			line += " scope_expr " + r.ScopeExpr
		}
		if r.Cost > 0 {
			line += fmt.Sprintf(" cost %d", r.Cost)
		}
		if r.Environment != "" {
			line += " environment " + r.Environment
		}
		lines = append(lines, line)
	}
	return lines
}
