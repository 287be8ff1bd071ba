// SPDX-License-Identifier: Apache-2.0

package main

import (
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
	if p.Rotation != nil {
		d.add("rotation", rotationText(p.Rotation))
	}
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
