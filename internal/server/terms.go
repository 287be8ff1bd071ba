// SPDX-License-Identifier: Apache-2.0

package server

import (
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// limitsIn keeps nil apart from empty: where a key is issued the one takes what the keyspace says, the other none.
func limitsIn(given []api.Limit) []authority.Limit {
	if given == nil {
		return nil
	}
	limits := []authority.Limit{}
	for _, l := range given {
		limits = append(limits, authority.Limit{Name: l.Name, Limit: l.Limit, Window: l.Window.Duration(), Burst: l.Burst, Auto: l.Auto})
	}
	return limits
}

func limitsOut(kept []authority.Limit) []api.Limit {
	var limits []api.Limit
	for _, l := range kept {
		limits = append(limits, api.Limit{Name: l.Name, Limit: l.Limit, Window: api.Duration(l.Window), Burst: l.Burst, Auto: l.Auto})
	}
	return limits
}

func creditsIn(q *api.CreditsRequest) *authority.CreditsRequest {
	if q == nil {
		return nil
	}
	return &authority.CreditsRequest{Remaining: q.Remaining, Refill: refillIn(q.Refill)}
}

func creditsUpdate(p *api.CreditsPatch) *authority.CreditsUpdate {
	switch {
	case p == nil:
		return nil
	case p.Ends():
		return &authority.CreditsUpdate{End: true}
	case p.Refill != nil && *p.Refill == api.Refill{}:
		return &authority.CreditsUpdate{Remaining: p.Remaining, NoRefill: true}
	}
	return &authority.CreditsUpdate{Remaining: p.Remaining, Refill: refillIn(p.Refill)}
}

func refillIn(r *api.Refill) *authority.Refill {
	if r == nil {
		return nil
	}
	mode := authority.RefillMode(r.Mode)
	if mode == "" {
		mode = authority.RefillAdd
	}
	return &authority.Refill{Amount: r.Amount, Every: r.Every.Duration(), Day: r.Day, Mode: mode}
}

func refillOut(r *authority.Refill) *api.Refill {
	if r == nil {
		return nil
	}
	return &api.Refill{Amount: r.Amount, Every: api.Duration(r.Every), Day: r.Day, Mode: string(r.Mode)}
}

func policyIn(p *api.Policy) *authority.Policy {
	if p == nil {
		return nil
	}
	in := &authority.Policy{
		MaxLife: p.MaxLife.Duration(), RequireOwner: p.RequireOwner, AllowedScopes: p.AllowedScopes, Roles: p.Roles,
		DefaultFormat: p.DefaultFormat, PublishableScopes: p.PublishableScopes, KeyLimits: limitsIn(p.KeyLimits),
		OwnerLimits: limitsIn(p.OwnerLimits), Limits: limitsIn(p.Limits), MaxGrace: p.MaxGrace.Duration(), Pepper: p.Pepper,
		RoutesDefault: p.RoutesDefault, LimiterAway: authority.LimiterAway(p.LimiterAway),
	}
	for _, r := range p.Routes {
		in.Routes = append(in.Routes, authority.Route(r))
	}
	if r := p.Rotation; r != nil {
		in.Rotation = &authority.Rotation{Every: r.Every.Duration(), Warn: r.Warn.Duration(), Grace: r.Grace.Duration(), Idle: r.Idle.Duration()}
	}
	if e := p.Exchange; e != nil {
		in.Exchange = &authority.ExchangePolicy{Life: e.Life.Duration(), Audience: e.Audience, Spend: e.Spend, Algorithm: e.Algorithm}
	}
	if l := p.Leaks; l != nil {
		in.Leaks = &authority.LeakPolicy{Secret: l.Secret, Delay: l.Delay.Duration()}
	}
	return in
}

func policyOut(p *authority.Policy) api.Policy {
	out := api.Policy{
		MaxLife: api.Duration(p.MaxLife), RequireOwner: p.RequireOwner, AllowedScopes: p.AllowedScopes, Roles: p.Roles,
		DefaultFormat: p.DefaultFormat, PublishableScopes: p.PublishableScopes, KeyLimits: limitsOut(p.KeyLimits),
		OwnerLimits: limitsOut(p.OwnerLimits), Limits: limitsOut(p.Limits), MaxGrace: api.Duration(p.MaxGrace), Pepper: p.Pepper,
		RoutesDefault: p.RoutesDefault, LimiterAway: string(p.LimiterAway),
	}
	for _, r := range p.Routes {
		out.Routes = append(out.Routes, api.Route(r))
	}
	if r := p.Rotation; r != nil {
		out.Rotation = &api.Rotation{Every: api.Duration(r.Every), Warn: api.Duration(r.Warn), Grace: api.Duration(r.Grace), Idle: api.Duration(r.Idle)}
	}
	if e := p.Exchange; e != nil {
		out.Exchange = &api.ExchangePolicy{Life: api.Duration(e.Life), Audience: e.Audience, Spend: e.Spend, Algorithm: e.Algorithm}
	}
	if l := p.Leaks; l != nil {
		out.Leaks = &api.LeakPolicy{Secret: l.Secret, Delay: api.Duration(l.Delay)}
	}
	return out
}
