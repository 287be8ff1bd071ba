// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keywright/keywright/api"
)

// addPolicy tells what a keyspace asks of its keys.
func (d *details) addPolicy(p *api.Policy) {
	if p.MaxLife > 0 {
		d.add("longest life", p.MaxLife.String())
	}
	if p.RequireOwner {
		d.add("owner", "every key names one")
	}
	d.add("scopes", strings.Join(p.AllowedScopes, " "))
	d.add("publishable scopes", strings.Join(p.PublishableScopes, " "))
	for _, name := range slices.Sorted(maps.Keys(p.Roles)) {
		d.add("role "+name, strings.Join(p.Roles[name], " "))
	}
	d.add("default format", p.DefaultFormat)
	d.addLimits("limit of new keys", p.KeyLimits)
	d.addLimits("limit of owners", p.OwnerLimits)
	d.addLimits("limit of all keys", p.Limits)
	if p.MaxGrace > 0 {
		d.add("longest grace", p.MaxGrace.String())
	}
	if e := p.Exchange; e != nil {
		d.add("tokens", exchangeText(e))
	}
	if l := p.Leaks; l != nil {
		d.add("leaked keys", leakPolicyText(l))
	}
	if p.Rotation != nil {
		d.add("rotation", rotationText(p.Rotation))
	}
	for i := range p.Routes {
		d.add(fmt.Sprintf("route %d", i+1), routeText(&p.Routes[i]))
	}
	switch {
	case p.RoutesDefault == "allow" && len(p.Routes) > 0:
		d.add("other routes", "allowed to every key")
	case p.RoutesDefault == "deny" || len(p.Routes) > 0:
		d.add("other routes", "denied")
	}
}

func leakPolicyText(l *api.LeakPolicy) string {
	switch {
	case l.Secret == "report":
		return "are only told"
	case l.Secret != "delay":
		return "are revoked at once"
	case l.Delay == 0:
		return "are told, and revoked after 24h"
	}
	return "are told, and revoked after " + l.Delay.String()
}

func routeText(r *api.Route) string {
	text := r.Path
	if r.Method != "" {
		text = r.Method + " " + r.Path
	}
	parts := []string{text}
	if needs := strings.Join(r.Scopes, " "); needs != "" {
		parts = append(parts, needs)
	}
	if r.ScopeExpr != "" {
		parts = append(parts, r.ScopeExpr)
	}
	if r.Cost > 0 {
		parts = append(parts, fmt.Sprintf("cost %d", r.Cost))
	}
	if r.Environment != "" {
		parts = append(parts, "in "+r.Environment)
	}
	return strings.Join(parts, " · ")
}

func exchangeText(e *api.ExchangePolicy) string {
	text := "live for " + e.Life.String()
	if len(e.Audience) > 0 {
		text += " · for " + strings.Join(e.Audience, " ")
	}
	if e.Spend == "allow" {
		text += " · of keys with credits, limits or rules too"
	}
	if e.Algorithm != "" {
		text += " · " + e.Algorithm
	}
	return text
}

func rotationText(r *api.Rotation) string {
	text := "every " + r.Every.String()
	if r.Warn > 0 {
		text += " · shown " + r.Warn.String() + " before"
	}
	if r.Grace > 0 {
		text += " · grace " + r.Grace.String()
	}
	if r.Idle > 0 {
		text += ", or when idle for " + r.Idle.String()
	}
	return text
}
