// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/keywright/keywright"
)

const (
	// ScopeChildren lets the holder of a key make children of it. No wildcard grants it.
	ScopeChildren = "keywright:children"
)

// maxChildren is how many children of a key can be used at the same time.
var maxChildren = 10_000

// Holder returns the caller who holds a key that may have children. It may make children of that key, and nothing
// else. The verification counts and costs as any other.
func (a *Authority) Holder(ctx context.Context, id keywright.KeyID, key keywright.Secret, from Origin) (Caller, error) {
	page, err := a.store.List(ctx, Query{ID: id})
	if err != nil {
		return Caller{}, fromStore(err)
	}
	// Of an id that nobody has, the key is judged all the same, so that a stranger learns from no answer and from no time
	// that it takes whether there is a key of this id.
	known := len(page.Records) > 0 && page.Records[0].Keyspace != ReservedKeyspace
	ask := keywright.Ask{Key: key, Keyspace: DefaultKeyspace, ClientIP: from.Address, Scopes: []string{ScopeChildren}, DryRun: !known}
	if known {
		ask.Keyspace = page.Records[0].Keyspace
	}
	var v keywright.Verdict
	if _, err := a.judge(ctx, &ask, &v); err != nil {
		return Caller{}, err
	}
	switch {
	case !known || v.KeyID != id || v.Code.Uniform():
		return Caller{}, &Error{Kind: Unidentified, Problem: "the key is not valid, or is not the one of this id", Hint: "send the parent key itself, or a service key with " + ScopeIssue}
	case v.Code == keywright.RateLimited:
		limit := v.Limit
		return Caller{}, &Error{Kind: Exhausted, Problem: "a limit of the key is reached", Hint: "come again when it allows", Limit: &limit}
	case v.Code == keywright.CreditsExhausted:
		return Caller{}, &Error{Kind: Exhausted, Problem: "the credits of the key are used up", Hint: "ask who gave you the key for more"}
	case !v.Valid():
		return Caller{}, denied("the key may not have children", "it needs the scope "+ScopeChildren)
	}
	return Caller{holder: id, origin: from}, nil
}

// IssueChild makes a child of a key: a key that can never do more than its parent, at whatever time, and ends with it.
// Keyspace, environment and owner are the parent's.
func (a *Authority) IssueChild(ctx context.Context, c Caller, parent keywright.KeyID, q IssueRequest) (Issued, error) {
	defer a.lock(parent)() // the parent is not changed meanwhile
	r, err := a.parentRecord(ctx, c, parent)
	if err != nil {
		return Issued{}, err
	}
	if state := r.StateAt(a.now()); state != StateActive && state != StatePending {
		return Issued{}, &Error{Kind: Conflicting, Problem: "the parent is " + string(state), Hint: "make a child of a key that can be used"}
	}
	if r.Rules.Decoy != nil {
		return Issued{}, &Error{Kind: Conflicting, Problem: "the parent is a decoy", Hint: "make a child of a key that can be used"}
	}
	depth, err := a.depth(ctx, &r)
	if err != nil {
		return Issued{}, err
	}
	if depth >= maxDepth {
		return Issued{}, invalid("parent", fmt.Sprintf("has %d keys above it", depth), fmt.Sprintf("children go %d deep at most", maxDepth))
	}
	if err := a.countChild(ctx, parent); err != nil {
		return Issued{}, err
	}
	if q.Keyspace != "" && q.Keyspace != r.Keyspace {
		return Issued{}, invalid("keyspace", "is not that of the parent", "leave it out")
	}
	q.Keyspace, q.parent = r.Keyspace, &r
	if c.holder == parent {
		c.owner = r.Owner
	}
	if q.IdempotencyKey == "" {
		return a.issue(ctx, c, q, nil)
	}
	return a.issueOnce(ctx, c, q)
}

// countChild counts one more child of a key, unless it has as many as it may. They are counted in the store when the
// count is not known, or has come to the most there may be: some may have ended since.
func (a *Authority) countChild(ctx context.Context, parent keywright.KeyID) error {
	n := a.lineages.add(parent)
	if n.children == 0 || n.children >= maxChildren {
		page, err := a.store.List(ctx, Query{Parent: parent, State: StateActive, At: a.now(), Limit: maxChildren})
		if err != nil {
			return fromStore(err)
		}
		n.children = len(page.Records)
	}
	if n.children >= maxChildren {
		return &Error{Kind: Conflicting, Problem: fmt.Sprintf("the parent has %d children that can be used", maxChildren), Hint: "revoke some, or give them shorter lives"}
	}
	n.children++
	return nil
}

func (a *Authority) parentRecord(ctx context.Context, c Caller, id keywright.KeyID) (Record, error) {
	if c.holder.IsZero() {
		return a.record(ctx, c, ScopeIssue, id)
	}
	if c.holder != id {
		return Record{}, denied("the holder of a key may make children of that key alone", "send the key of this id")
	}
	page, err := a.store.List(ctx, Query{ID: id})
	if err != nil {
		return Record{}, fromStore(err)
	}
	if len(page.Records) == 0 {
		return Record{}, errNoKey()
	}
	return page.Records[0], nil
}

// depth counts the keys above a record.
func (a *Authority) depth(ctx context.Context, r *Record) (int, error) {
	if r.Parent.IsZero() {
		return 0, nil
	}
	var above [maxDepth]*ancestor
	return a.ancestors(ctx, a.lineages.add(r.Parent), &above)
}

// inherit sets what a child has from its parent.
func inherit(r *Record, q *IssueRequest) error {
	p := q.parent
	r.Parent = p.ID
	switch {
	case r.Owner != "" && r.Owner != p.Owner:
		return invalid("owner", "is not that of the parent", "leave it out: a child acts for the owner of its parent")
	case q.Environment != "" && q.Environment != p.Environment:
		return invalid("environment", "is not that of the parent", "leave it out")
	}
	r.Owner, q.Environment = p.Owner, p.Environment
	if r.Expires.IsZero() {
		r.Expires = p.Expires
	}
	if q.Limits == nil {
		r.Limits = nil // those of the parent hold for it
	}
	return nil
}

// checkOwnerChange refuses another owner where keys below or above would go on acting for the old one.
func (a *Authority) checkOwnerChange(ctx context.Context, r *Record, to *string) error {
	if to == nil || strings.TrimSpace(*to) == r.Owner {
		return nil
	}
	if !r.Parent.IsZero() {
		return invalid("owner", "is that of the parent", "a child acts for the owner of its parent")
	}
	page, err := a.store.List(ctx, Query{Parent: r.ID, State: StateActive, At: a.now(), Limit: 1})
	if err != nil {
		return fromStore(err)
	}
	if len(page.Records) > 0 {
		return &Error{Kind: Conflicting, Field: "owner", Problem: "is also that of children of the key", Hint: "revoke its children first"}
	}
	return nil
}

// checkWithin sees to it that a child asks for no more than the keys above it have. They are judged again at every
// verification; this is to tell at once.
func (a *Authority) checkWithin(ctx context.Context, r *Record) error {
	if r.Parent.IsZero() {
		return nil
	}
	var above [maxDepth]*ancestor
	n, err := a.ancestors(ctx, a.lineages.add(r.Parent), &above)
	if err != nil {
		return err
	}
	s := a.space(r.Keyspace)
	if s == nil {
		return unknown("keyspace", "")
	}
	for _, p := range above[:n] {
		if err := r.within(p, effectiveScopes(&s.Policy, r.Scopes, r.Roles)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Record) within(p *ancestor, scopes []string) error {
	const hint = "a child can never do more than its parent"
	for _, scope := range scopes {
		if !keywright.Includes(p.scopes.list(), scope) {
			return invalid("scopes", "holds something that the parent has not: "+scope, hint)
		}
	}
	if p.expires != 0 && (r.Expires.IsZero() || seconds(r.Expires) > p.expires) {
		return invalid("expires_at", "is later than that of the parent", "leave it out to end with the parent")
	}
	if p.rules == nil {
		return nil
	}
	for i, network := range r.Rules.Networks {
		if len(p.rules.Networks) > 0 && !slices.ContainsFunc(p.rules.Networks, func(outer netip.Prefix) bool { return holdsNetwork(outer, network) }) {
			return invalid(fmt.Sprintf("allowed_networks[%d]", i), "is not within those of the parent", hint)
		}
	}
	for i, method := range r.Rules.Methods {
		if len(p.rules.Methods) > 0 && !slices.Contains(p.rules.Methods, method) {
			return invalid(fmt.Sprintf("allowed_methods[%d]", i), "is not allowed to the parent", hint)
		}
	}
	for i, path := range r.Rules.Paths {
		if len(p.rules.Paths) > 0 && !slices.ContainsFunc(p.rules.Paths, func(outer string) bool { return withinPath(outer, unescaped(path)) }) {
			return invalid(fmt.Sprintf("allowed_paths[%d]", i), "is not within those of the parent", hint)
		}
	}
	for i, origin := range r.Rules.Origins {
		if len(p.rules.Origins) > 0 && !slices.ContainsFunc(p.rules.Origins, func(outer string) bool { return outer == origin || matchesOrigin(outer, origin) }) {
			return invalid(fmt.Sprintf("allowed_origins[%d]", i), "is not allowed to the parent", hint)
		}
	}
	return nil
}

func holdsNetwork(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}
