// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

const (
	maxRoles  = 100
	longTimes = 100 * 366 * 24 * time.Hour
)

// check refuses a policy that cannot be kept. The keyspace has its formats already.
func (p *Policy) check(k *Keyspace) error {
	for _, d := range []struct {
		field string
		d     time.Duration
	}{{"max_life", p.MaxLife}, {"max_grace", p.MaxGrace}} {
		if d.d < 0 || d.d > longTimes {
			return invalid("policy."+d.field, "is negative or longer than 100 years", "use a duration such as 8760h, or 0 for no bound")
		}
	}
	if err := checkPatterns("policy.allowed_scopes", p.AllowedScopes); err != nil {
		return err
	}
	if err := checkPatterns("policy.publishable_scopes", p.PublishableScopes); err != nil {
		return err
	}
	if err := p.checkRoles(); err != nil {
		return err
	}
	if p.DefaultFormat != "" && k.Format(p.DefaultFormat) == nil {
		return invalid("policy.default_format", "is not a format of the keyspace", "use one of "+formatNames(k.Formats))
	}
	for _, l := range []struct {
		field  string
		limits []Limit
	}{{"policy.key_limits", p.KeyLimits}, {"policy.owner_limits", p.OwnerLimits}, {"policy.limits", p.Limits}} {
		if err := checkLimits(l.field, l.limits); err != nil {
			return err
		}
	}
	if err := p.LimiterAway.check("policy.limiter_away"); err != nil {
		return err
	}
	if err := p.checkRoutes(k); err != nil {
		return err
	}
	if err := p.Exchange.check(); err != nil {
		return err
	}
	if err := p.Leaks.check(); err != nil {
		return err
	}
	return p.Rotation.check(p)
}

func (p *Policy) checkRoles() error {
	if len(p.Roles) > maxRoles {
		return tooMany("policy.roles", maxRoles)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Roles)) {
		if !keyspaceName(name) {
			return invalid("policy.roles", "holds something else than names of roles", "use 1 to 64 lower-case letters, digits and -, such as reader")
		}
		field := "policy.roles." + name
		if err := checkPatterns(field, p.Roles[name]); err != nil {
			return err
		}
		for i, scope := range p.Roles[name] {
			if len(p.AllowedScopes) > 0 && !keywright.Includes(p.AllowedScopes, scope) {
				return invalid(fmt.Sprintf("%s[%d]", field, i), "is not among allowed_scopes", "a role holds scopes that keys of the keyspace may have")
			}
		}
	}
	return nil
}

func (r *Rotation) check(p *Policy) error {
	if r == nil {
		return nil
	}
	const field = "policy.rotation"
	switch {
	case r.Every < time.Hour || r.Every > longTimes:
		return invalid(field+".every", "is shorter than an hour or longer than 100 years", "use a duration such as 2160h, which is 90 days")
	case r.Warn < 0 || r.Warn >= r.Every:
		return invalid(field+".warn", "is negative, or not shorter than every", "leave it out for a tenth of every")
	}
	if r.Grace != 0 || r.Idle != 0 {
		q := RotateRequest{Grace: &Grace{AtMost: r.Grace, Idle: r.Idle}}
		if _, err := q.grace(&Policy{MaxGrace: p.MaxGrace}); err != nil {
			return invalid(field+".grace", "is not possible", err.Error())
		}
	}
	return nil
}

// policyLines tell the audit chain what a policy is from now on.
func policyLines(p *Policy) []string {
	apart := *p
	apart.Routes = nil
	text, err := json.Marshal(&apart)
	if err != nil {
		return []string{"policy"}
	}
	return append([]string{"policy " + string(text)}, routeLines(p)...)
}
