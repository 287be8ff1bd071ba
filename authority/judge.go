// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// codes are all codes, in the order in which they are decided; the steps are their places.
var codes = [...]keywright.Code{
	keywright.Malformed, keywright.NotFound, keywright.Revoked, keywright.Disabled, keywright.Expired,
	keywright.NotYetValid, keywright.Forbidden, keywright.InsufficientScope, keywright.RateLimited,
	keywright.CreditsExhausted, keywright.Valid,
}

const (
	stepMalformed = iota
	stepNotFound
	stepRevoked
	stepDisabled
	stepExpired
	stepNotYet
	stepForbidden
	stepScope
	stepLimit
	stepCredits
	stepValid
)

// failing returns the steps that fail, a bit each; the lowest is the verdict. Of a key that was not found nothing else
// is known.
func (j *judgement) failing(ask *keywright.Ask) (steps uint) {
	fail := func(step int) { steps |= 1 << step }
	if j.format == nil {
		fail(stepMalformed)
	}
	if !j.found {
		fail(stepNotFound)
		return steps
	}
	if j.state.Has(table.Revoked) {
		fail(stepRevoked)
	}
	if j.state.Has(table.Disabled) {
		fail(stepDisabled)
	}
	if s := j.state.Expires(); j.state.Has(table.Ended) || s != 0 && j.authority.clock().Unix() >= int64(s) { // no clock where a key has no end
		fail(stepExpired)
	}
	if j.kind.environment != ask.Environment && ask.Environment != "" && j.kind.environment != "" {
		fail(stepForbidden)
	}
	if j.rules != nil {
		if !j.rules.notBefore.IsZero() && j.authority.clock().Before(j.rules.notBefore) {
			fail(stepNotYet)
		}
		if j.exchange == nil && j.rules.forbid(ask) != "" {
			fail(stepForbidden)
		}
	}
	if !j.named && !j.hasScopes(ask) {
		fail(stepScope)
	}
	for _, above := range j.above[:j.depth] {
		steps |= j.inherited(above, ask)
	}
	return steps
}

// inherited returns the steps at which a key above this one fails: a child can never do more.
func (j *judgement) inherited(above *ancestor, ask *keywright.Ask) (steps uint) {
	if above.revoked {
		steps |= 1 << stepRevoked
	}
	if above.disabled {
		steps |= 1 << stepDisabled
	}
	if above.expires != 0 && j.authority.clock().Unix() >= int64(above.expires) {
		steps |= 1 << stepExpired
	}
	if above.rules == nil {
		return steps
	}
	if !above.rules.notBefore.IsZero() && j.authority.clock().Before(above.rules.notBefore) {
		steps |= 1 << stepNotYet
	}
	if j.exchange == nil && above.rules.forbid(ask) != "" {
		steps |= 1 << stepForbidden
	}
	return steps
}

// effective returns the scopes of the key, of a child only as far as the keys above it have them still.
func (j *judgement) effective() []string {
	scopes := j.scopes
	for _, above := range j.above[:j.depth] {
		if granted := above.scopes.list(); !includesAll(granted, scopes) {
			scopes = keywright.CommonScopes(scopes, granted)
		}
	}
	return scopes
}

func includesAll(granted, scopes []string) bool {
	for _, s := range scopes {
		if !keywright.Includes(granted, s) {
			return false
		}
	}
	return true
}

// expires returns when the key ends, in Unix seconds: its record, this secret, or a key above it; 0 is never.
func (j *judgement) expires() uint32 {
	end := j.state.Expires()
	for _, above := range j.above[:j.depth] {
		if above.expires != 0 && (end == 0 || above.expires < end) {
			end = above.expires
		}
	}
	return end
}

func (j *judgement) hasScopes(ask *keywright.Ask) bool {
	scopes := j.effective()
	for _, s := range ask.Scopes {
		if !keywright.Grants(scopes, s) {
			return false
		}
	}
	if j.expr == nil {
		return true
	}
	ok, _ := j.expr.Granted(scopes)
	return ok
}

// explain lists every check, up to the one beyond which nothing is known.
func (j *judgement) explain(failing uint, ask *keywright.Ask, v *keywright.Verdict) {
	if v.Detail == nil {
		v.Detail = &keywright.Detail{}
	}
	for step := range stepValid {
		check := keywright.Check{Code: codes[step], OK: failing>>step&1 == 0}
		if !check.OK {
			check.Reason = j.reason(step, ask, v)
		}
		v.Checks = append(v.Checks, check)
		if !check.OK && !j.found {
			return
		}
	}
}

// reason says in words why a step fails, for the operator.
func (j *judgement) reason(step int, ask *keywright.Ask, v *keywright.Verdict) string {
	if reason := j.reasonAbove(step, ask); reason != "" {
		return reason
	}
	switch step {
	case stepMalformed:
		if len(j.space.Formats) == 1 {
			return j.space.Formats[0].Diagnose(ask.Key)
		}
		return "not written in a format of the keyspace, or the checksum is wrong"
	case stepNotFound:
		return "no such key in this keyspace"
	case stepRevoked:
		return "the key was revoked"
	case stepDisabled:
		return "the key is disabled"
	case stepExpired:
		return "the key has expired"
	case stepNotYet:
		return "the key is not valid yet"
	case stepForbidden:
		if ask.Environment != "" && j.kind.environment != ask.Environment {
			return "the key is of the environment " + j.kind.environment
		}
		return j.rules.forbid(ask)
	case stepScope:
		return "scopes are missing"
	case stepLimit:
		return "the limit " + v.Limit.Name + " of the " + v.Limit.Of + " is reached"
	case stepCredits:
		return "too few credits are left"
	}
	return ""
}

// reasonAbove names the key above this one at which a step fails, unless it fails at the key itself.
func (j *judgement) reasonAbove(step int, ask *keywright.Ask) string {
	own := *j
	own.depth = 0
	if step <= stepNotFound || step >= stepScope || own.failing(ask)>>step&1 == 1 {
		return ""
	}
	for _, above := range j.above[:j.depth] {
		if j.inherited(above, ask)>>step&1 == 1 {
			return "the key " + above.id.String() + ", of which this is a child, is what fails"
		}
	}
	return ""
}

// forbid returns why a key may not be used from there or for that, or nothing. What the record demands and the ask
// does not tell is forbidden.
func (r *ruleSet) forbid(ask *keywright.Ask) string {
	switch {
	case len(r.Networks) > 0 && !ask.ClientIP.IsValid():
		return "the key is bound to networks, and the ask has no client address"
	case len(r.Networks) > 0 && !allowsAddress(r.Networks, ask.ClientIP):
		return "the client address is in none of the allowed networks"
	case len(r.Origins) > 0 && !slices.ContainsFunc(r.Origins, func(o string) bool { return matchesOrigin(o, ask.Origin) }):
		return "the origin is missing or not allowed"
	case len(r.Methods) > 0 && !slices.Contains(r.Methods, ask.Method):
		return "the method is missing or not allowed"
	case len(r.Paths) > 0 && !allowsPath(r.Paths, ask.Path):
		return "the path is missing, ambiguous or not allowed"
	}
	return ""
}

// matchesOrigin compares an allowed origin with the one of a request. An allowed https://*.example.com stands for
// every name below example.com.
func matchesOrigin(allowed, origin string) bool {
	if scheme, domain, ok := strings.Cut(allowed, "://*"); ok {
		host, ok := strings.CutPrefix(origin, scheme+"://")
		return ok && len(host) > len(domain) && strings.HasSuffix(host, domain) && !strings.ContainsAny(host, "/@?#\\")
	}
	return allowed == origin
}
