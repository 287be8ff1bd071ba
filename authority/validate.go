// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

const (
	maxText     = 200
	maxEntries  = 100
	maxMetadata = 64 << 10
)

// newRecord decides whether a request can be a record of a keyspace.
func (a *Authority) newRecord(c Caller, s *space, f *keywright.Format, q IssueRequest, now time.Time) (Record, error) {
	r := Record{
		Keyspace: s.Name, Format: f.Name, Name: strings.TrimSpace(q.Name), Owner: strings.TrimSpace(q.Owner),
		Scopes: slices.Clone(q.Scopes), Roles: slices.Clone(q.Roles), Metadata: q.Metadata, Rules: q.Rules,
		Limits: slices.Clone(q.Limits), Credits: q.Credits.kept(now),
		NotBefore: wholeSeconds(q.NotBefore), Expires: wholeSeconds(q.ExpiresAt),
		Created: now, Updated: now, Version: 1,
	}
	if c.owner != "" && r.Owner == "" {
		r.Owner = c.owner
	}
	switch {
	case q.ExpiresIn < 0:
		return r, invalid("expires_in", "is negative", "use a duration such as 720h")
	case q.ExpiresIn > 0 && !q.ExpiresAt.IsZero():
		return r, invalid("expires_in", "stands beside expires_at", "give one of them")
	case q.ExpiresIn > 0:
		r.Expires = wholeSeconds(now.Add(q.ExpiresIn))
	case q.PublicID != "" && q.Hash.IsZero():
		return r, invalid("public_id", "stands without a hash", "give the hash of the key that has it, or leave it out")
	}
	if !r.Expires.IsZero() && !r.Expires.After(now) {
		return r, invalid("expires_at", "is not in the future", "use a later time, or revoke the key")
	}
	if !q.Hash.IsZero() {
		if err := checkRegistered(f, q); err != nil {
			return r, err
		}
	}
	if q.Limits == nil {
		r.Limits = slices.Clone(s.Policy.KeyLimits)
	}
	if q.Credits != nil {
		if err := checkBalance("credits.remaining", q.Credits.Remaining); err != nil {
			return r, err
		}
	}
	if q.parent != nil {
		if err := inherit(&r, &q); err != nil {
			return r, err
		}
	}
	if q.Decoy != nil {
		r.Rules.Decoy = &Decoy{Planted: q.Decoy.Planted}
	}
	if err := checkDecoy(r.Rules.Decoy, &r); err != nil {
		return r, err
	}
	var err error
	if r.Environment, err = environmentOf(s, q.Environment); err != nil {
		return r, err
	}
	return r, a.checkRecord(c, s, &r)
}

// checkRegistered looks at what is told of a key that was made elsewhere.
func checkRegistered(f *keywright.Format, q IssueRequest) error {
	switch {
	case len(q.PublicID) > 64:
		return invalid("public_id", "is longer than 64 characters", "give the public id alone, never the key")
	case strings.ContainsFunc(q.PublicID, func(r rune) bool { return r < '0' || r > 'z' }):
		return invalid("public_id", "is not made of letters and digits", "give the public id alone, never the key")
	case f.ID.None() && q.PublicID != "":
		return invalid("public_id", "is not possible", "keys of this format have none")
	case !f.ID.None() && q.PublicID == "":
		return invalid("public_id", "is missing", "keys of this format have one: give it with the hash")
	}
	return nil
}

func environmentOf(s *space, name string) (string, error) {
	if name == "" {
		if len(s.Environments) == 0 {
			return "", nil
		}
		return s.Environments[0], nil
	}
	label, err := keywright.Environment(name)
	if err != nil {
		return "", fromFormat("", err)
	}
	if !slices.Contains(s.Environments, label) {
		if len(s.Environments) == 0 {
			return "", invalid("environment", "is not possible", "this keyspace has no environments: leave it out")
		}
		return "", invalid("environment", "is not one of the keyspace", "use one of "+strings.Join(s.Environments, ", "))
	}
	return label, nil
}

// checkRecord decides whether a record may be as it is: its fields, the policy of its keyspace, and that nobody gives
// more than they hold.
func (a *Authority) checkRecord(c Caller, s *space, r *Record) error {
	for _, text := range [][2]string{{"name", r.Name}, {"owner", r.Owner}} {
		if err := checkText(text[0], text[1]); err != nil {
			return err
		}
	}
	if err := checkMetadata(r.Metadata); err != nil {
		return err
	}
	if err := checkPatterns("scopes", r.Scopes); err != nil {
		return err
	}
	if err := checkRules(&r.Rules); err != nil {
		return err
	}
	if err := checkLimits("limits", r.Limits); err != nil {
		return err
	}
	if err := checkCredits(r.Credits); err != nil {
		return err
	}
	if !r.Expires.IsZero() && !r.NotBefore.Before(r.Expires) {
		return invalid("not_before", "is not before expires_at", "the key could never be used")
	}
	if err := s.checkPolicy(r); err != nil {
		return err
	}
	return a.checkGift(c, r)
}

func checkText(field, s string) error {
	switch {
	case utf8.RuneCountInString(s) > maxText:
		return invalid(field, fmt.Sprintf("is longer than %d characters", maxText), "put long texts into metadata")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return invalid(field, "holds control characters", "use printable text in UTF-8")
	}
	return nil
}

func checkMetadata(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	var object map[string]json.RawMessage
	switch {
	case len(b) > maxMetadata:
		return invalid("metadata", "is larger than 64 KiB", "keep it elsewhere and store its id")
	case json.Unmarshal(b, &object) != nil || object == nil:
		return invalid("metadata", "is not a JSON object", "for example {\"team\":\"billing\"}")
	}
	return nil
}

func checkPatterns(field string, patterns []string) error {
	if len(patterns) > maxEntries {
		return tooMany(field, maxEntries)
	}
	for i, p := range patterns {
		if err := keywright.CheckPattern(p); err != nil {
			return invalid(fmt.Sprintf("%s[%d]", field, i), "is not a scope", "use segments of letters, digits, _ and - or *, joined by : . or /, such as invoices:read")
		}
	}
	return nil
}

// checkRules also writes networks in their canonical form.
func checkRules(r *Rules) error {
	for _, list := range []struct {
		field string
		n     int
	}{{"allowed_networks", len(r.Networks)}, {"allowed_origins", len(r.Origins)}, {"allowed_methods", len(r.Methods)}, {"allowed_paths", len(r.Paths)}, {"keyspaces", len(r.Keyspaces)}} {
		if list.n > maxEntries {
			return tooMany(list.field, maxEntries)
		}
	}
	for i, n := range r.Networks {
		if !n.IsValid() || n != n.Masked() || n.Addr().Is4In6() {
			return invalid(fmt.Sprintf("allowed_networks[%d]", i), "is not a network", "use CIDR with no bits beyond the mask, such as 10.0.0.0/8")
		}
	}
	for i, o := range r.Origins {
		if !checkOrigin(o) {
			return invalid(fmt.Sprintf("allowed_origins[%d]", i), "is not an origin", "use scheme, host and port as browsers send them, such as https://app.example.com or https://*.example.com")
		}
	}
	for i, m := range r.Methods {
		if m == "" || len(m) > 20 || strings.ContainsFunc(m, func(c rune) bool { return c < 'A' || c > 'Z' }) {
			return invalid(fmt.Sprintf("allowed_methods[%d]", i), "is not a method", "use upper case, such as GET")
		}
	}
	for i, p := range r.Paths {
		if len(p) > 1024 || !plainPath(p) || strings.Contains(p, "?") {
			return invalid(fmt.Sprintf("allowed_paths[%d]", i), "is not a path", "use whole segments, such as /v1/invoices or /v1/*/read")
		}
	}
	return nil
}

func checkOrigin(o string) bool {
	scheme, host, ok := strings.Cut(o, "://")
	if !ok || len(o) > 255 || scheme != strings.ToLower(scheme) || host != strings.ToLower(host) {
		return false
	}
	host = strings.TrimPrefix(host, "*.")
	u, err := url.Parse(scheme + "://" + host)
	return err == nil && u.Host == host && host != "" && !strings.Contains(host, "*") && u.User == nil
}

func (s *space) checkPolicy(r *Record) error {
	p := &s.Policy
	switch {
	case p.RequireOwner && r.Owner == "":
		return invalid("owner", "is missing", "this keyspace wants one for every key")
	case p.MaxLife > 0 && r.Expires.IsZero():
		return invalid("expires_at", "is missing", fmt.Sprintf("keys of this keyspace live %s at most", p.MaxLife))
	case p.MaxLife > 0 && r.Expires.Sub(r.Created) > p.MaxLife:
		return invalid("expires_at", "is too late", fmt.Sprintf("keys of this keyspace live %s at most", p.MaxLife))
	}
	for i, role := range r.Roles {
		if _, ok := p.Roles[role]; !ok {
			return invalid(fmt.Sprintf("roles[%d]", i), "is not a role of this keyspace", roleHint(p))
		}
		if slices.Contains(r.Roles[:i], role) {
			return invalid(fmt.Sprintf("roles[%d]", i), "is there twice", "name each role once")
		}
	}
	if len(p.AllowedScopes) > 0 {
		for i, scope := range r.Scopes {
			if !keywright.Includes(p.AllowedScopes, scope) {
				return invalid(fmt.Sprintf("scopes[%d]", i), "is not allowed in this keyspace", "allowed are "+strings.Join(p.AllowedScopes, ", "))
			}
		}
	}
	if f := s.Format(r.Format); f != nil && f.Publishable {
		return checkPublishable(p, r)
	}
	return nil
}

func roleHint(p *Policy) string {
	if len(p.Roles) == 0 {
		return "the policy of this keyspace has no roles: give scopes, or add the role to the policy"
	}
	return "use one of " + strings.Join(slices.Sorted(maps.Keys(p.Roles)), ", ")
}

// checkPublishable sees to it that a key which everybody can read may do no more than read.
func checkPublishable(p *Policy, r *Record) error {
	for _, scope := range effectiveScopes(p, r.Scopes, r.Roles) {
		last := scope[strings.LastIndexAny(scope, ":./")+1:]
		if last != "read" && !keywright.Includes(p.PublishableScopes, scope) {
			return invalid("scopes", "holds more than a publishable key may", "everybody can see such a key: give it scopes that end in read, or such as the policy of the keyspace lists in publishable_scopes")
		}
	}
	return nil
}

// checkGift sees to it that nobody gives more than they hold: service keys have no scope, keyspace or owner beyond
// those of the caller, and whoever is bound to an owner acts for that one.
func (a *Authority) checkGift(c Caller, r *Record) error {
	if c.owner != "" && r.Owner != c.owner && r.Keyspace != ReservedKeyspace {
		return denied("the caller may not act for this owner", "leave the owner out")
	}
	if r.Keyspace != ReservedKeyspace {
		const hint = "leave it out, or issue in the keyspace keywright"
		if len(r.Rules.Keyspaces) > 0 {
			return invalid("keyspaces", "is for service keys alone", hint)
		}
		if r.Rules.Owner != "" {
			return invalid("bound_owner", "is for service keys alone", hint)
		}
		return nil
	}
	if len(r.Scopes) == 0 {
		return invalid("scopes", "is missing", "a service key without scopes can do nothing: use "+strings.Join(ServiceScopes, ", "))
	}
	for i, s := range r.Scopes {
		if s != "*" && !slices.ContainsFunc(ServiceScopes, func(known string) bool { return keywright.Matches(s, known) }) {
			return invalid(fmt.Sprintf("scopes[%d]", i), "is not a scope of service keys", "use "+strings.Join(ServiceScopes, ", "))
		}
		if !keywright.Includes(c.scopes, s) {
			return denied("the caller does not hold the scope "+s+" and cannot give it", "ask somebody who holds it")
		}
	}
	for _, k := range r.Rules.Keyspaces {
		if a.space(k) == nil {
			return invalid("keyspaces", "names a keyspace that does not exist", "make it first")
		}
	}
	if len(c.keyspaces) > 0 && (len(r.Rules.Keyspaces) == 0 || slices.ContainsFunc(r.Rules.Keyspaces, func(k string) bool { return !c.bound(k) })) {
		return denied("the caller is bound to keyspaces and cannot give more", "bind the key to some of them")
	}
	if c.owner != "" && r.Rules.Owner != c.owner {
		return denied("the caller is bound to an owner and cannot give more", "bind the key to the same owner")
	}
	return nil
}

func formatNames(formats []keywright.Format) string {
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}
