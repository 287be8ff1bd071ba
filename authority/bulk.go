// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// A Filter chooses keys of one keyspace. Every field that is not zero narrows it.
type Filter struct {
	Keyspace      string // default, or the one that the caller is bound to
	Owner         string
	Scope         string       // keys that grant this scope, by their own scopes or their roles
	Network       netip.Prefix // keys that may be used from somewhere in it: those without networks too
	CreatedSince  time.Time
	CreatedBefore time.Time
	State         State
	Text          string // in name or owner
	Due           bool   // keys whose rotation is due, or about to be
	ExpiresBefore time.Time
	All           bool // every key of the keyspace: a filter that names nothing else must say so
}

// The verbs of Bulk.
const (
	BulkRevoke  = "revoke"
	BulkDisable = "disable"
	BulkEnable  = "enable"
	BulkRotate  = "rotate"
)

// A BulkRequest does one verb to every key that a filter chooses.
type BulkRequest struct {
	Filter Filter
	Verb   string
	DryRun bool   // only tell which keys it would be
	Reason string // of a revoke
	Rotate RotateRequest
}

// BulkResult is what became of one key.
type BulkResult struct {
	Record Record           // as it is now
	Key    keywright.Secret // of a rotation, shown once
	Done   bool             // false: it was a dry run, somebody else did it meanwhile, or Err says why not
	Err    error
}

// Bulk does a verb to every key that a filter chooses, one after the other, and hands each to done. Keys to which there is
// nothing to do are left out: those that were revoked, and those that are disabled, or enabled, already. There is one event for
// each key, and one for the act, which comes first. It ends when done returns an error, or when the store fails.
func (a *Authority) Bulk(ctx context.Context, c Caller, q BulkRequest, done func(BulkResult) error) (n int, err error) {
	one, scope, err := a.bulkVerb(&q)
	if err != nil {
		return 0, err
	}
	q.Filter.Keyspace = c.keyspace(q.Filter.Keyspace)
	if err := q.Filter.check(); err != nil {
		return 0, err
	}
	if err := c.may(scope, q.Filter.Keyspace); err != nil {
		return 0, err
	}
	if !q.DryRun {
		if err := a.tellBulk(ctx, c, &q); err != nil {
			return 0, err
		}
	}
	started := a.now()
	err = a.Each(ctx, c, q.Filter, func(r *Record) error {
		if r.Created.After(started) || !q.concerns(r, started) {
			return nil
		}
		n++
		result := BulkResult{Record: *r}
		if !q.DryRun {
			result = one(ctx, c, r)
		}
		var e *Error
		if errors.As(result.Err, &e) && e.Kind == Unavailable {
			return result.Err
		}
		return done(result)
	})
	if err == nil && !q.DryRun {
		err = fromStore(a.everywhere(ctx)) // what was left out may be so since a moment ago, on another node
	}
	return n, err
}

// concerns reports whether there is anything to do to a key: what is as the verb would make it, or can never be so again,
// is left out.
func (q *BulkRequest) concerns(r *Record, now time.Time) bool {
	switch state := r.StateAt(now); {
	case state == StateRevoked:
		return false
	case q.Verb == BulkDisable:
		return !r.Disabled
	case q.Verb == BulkEnable:
		return r.Disabled
	case q.Verb == BulkRotate:
		return r.Expires.IsZero() || now.Before(r.Expires)
	}
	return true
}

// tellBulk leaves the event of the act.
func (a *Authority) tellBulk(ctx context.Context, c Caller, q *BulkRequest) error {
	event, err := a.event(c, "bulk."+q.Verb, q.Filter.Keyspace, q.Filter.Keyspace, q.Filter.lines(), [2]string{"owner", q.Filter.Owner})
	if err != nil {
		return err
	}
	return fromStore(a.store.Apply(context.WithoutCancel(ctx), Change{Events: []Event{event}}))
}

// bulkVerb returns what is done to each key, and the scope it needs.
func (a *Authority) bulkVerb(q *BulkRequest) (one func(context.Context, Caller, *Record) BulkResult, scope string, err error) {
	switch q.Verb {
	case BulkRevoke:
		return func(ctx context.Context, c Caller, r *Record) BulkResult {
			receipt, err := a.Revoke(ctx, c, r.ID, q.Reason)
			r.Revoked, r.Reason = receipt.Revoked, q.Reason
			return BulkResult{Record: *r, Done: err == nil, Err: err}
		}, ScopeRevoke, checkText("reason", q.Reason)
	case BulkDisable, BulkEnable:
		set := a.Disable
		if q.Verb == BulkEnable {
			set = a.Enable
		}
		return func(ctx context.Context, c Caller, r *Record) BulkResult {
			now, err := set(ctx, c, r.ID)
			if err != nil {
				now = *r
			}
			return BulkResult{Record: now, Done: err == nil && now.Version != r.Version, Err: err}
		}, ScopeWrite, nil
	case BulkRotate:
		if !q.Rotate.Hash.IsZero() || q.Rotate.PublicID != "" || q.Rotate.IdempotencyKey != "" {
			return nil, "", invalid("rotate", "names a secret", "many keys get secrets that are made here")
		}
		return func(ctx context.Context, c Caller, r *Record) BulkResult {
			issued, err := a.Rotate(ctx, c, r.ID, q.Rotate)
			if err != nil {
				issued.Record = *r
			}
			return BulkResult{Record: issued.Record, Key: issued.Key, Done: err == nil, Err: err}
		}, ScopeRotate, nil
	}
	return nil, "", invalid("verb", "is not known", "use revoke, disable, enable or rotate")
}

// Each visits the records that a filter chooses, newest first. What is put meanwhile may be missed.
func (a *Authority) Each(ctx context.Context, c Caller, f Filter, visit func(*Record) error) error {
	f.Keyspace = c.keyspace(f.Keyspace)
	if err := f.check(); err != nil {
		return err
	}
	if err := c.may(ScopeRead, f.Keyspace); err != nil {
		return err
	}
	return a.each(ctx, c, f, visit)
}

// each is Each for a caller who may.
func (a *Authority) each(ctx context.Context, c Caller, f Filter, visit func(*Record) error) error {
	s := a.space(f.Keyspace)
	if s == nil {
		return unknown("keyspace", "list the keyspaces to see them")
	}
	if c.owner != "" {
		if f.Owner != "" && f.Owner != c.owner {
			return denied("the caller may not act for this owner", "leave the owner out")
		}
		f.Owner = c.owner
	}
	q := Query{
		Keyspace: f.Keyspace, Owner: f.Owner, State: f.State, At: a.now(), Text: f.Text, CreatedSince: f.CreatedSince,
		CreatedBefore: f.CreatedBefore, ExpiresBefore: f.ExpiresBefore, Limit: maxPage,
	}
	if f.Due && !q.due(s) {
		return nil
	}
	for {
		page, err := a.store.List(ctx, q)
		if err != nil {
			return fromStore(err)
		}
		for i := range page.Records {
			r := &page.Records[i]
			q.Before = r.ID
			if !f.chooses(s, r) {
				continue
			}
			if err := visit(r); err != nil {
				return err
			}
		}
		if !page.More {
			return nil
		}
	}
}

// chooses decides what the store does not: it compares no scopes and no networks.
func (f *Filter) chooses(s *space, r *Record) bool {
	if f.Scope != "" && !keywright.Grants(effectiveScopes(&s.Policy, r.Scopes, r.Roles), f.Scope) {
		return false
	}
	return !f.Network.IsValid() || len(r.Rules.Networks) == 0 || slices.ContainsFunc(r.Rules.Networks, f.Network.Overlaps)
}

func (f *Filter) check() error {
	named := *f
	named.Keyspace, named.All = "", false
	switch {
	case f.Scope != "" && keywright.CheckScope(f.Scope) != nil:
		return invalid("filter.scope", "is not a scope", "use one such as invoices:read, without *")
	case named == (Filter{}) && !f.All:
		return invalid("filter", "chooses every key of the keyspace", "narrow it, or say all if that is meant")
	}
	return checkState("filter.", f.State, f.Due)
}

// lines tell a filter to the audit chain. The owner is personal.
func (f *Filter) lines() []string {
	lines := []string{}
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, strings.TrimSpace(name+" "+value))
		}
	}
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	add("scope", f.Scope)
	if f.Network.IsValid() {
		add("network", f.Network.String())
	}
	add("created_since", moment(f.CreatedSince))
	add("created_before", moment(f.CreatedBefore))
	add("expires_before", moment(f.ExpiresBefore))
	add("state", string(f.State))
	if f.Text != "" {
		add("text", "given")
	}
	if f.Due || f.All {
		add("due", fmt.Sprint(f.Due))
		add("all", fmt.Sprint(f.All))
	}
	return lines
}
