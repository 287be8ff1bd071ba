// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// Verify judges a key. See keywright.Verifier for what its results mean. The keyspace must be named.
//
// Where the table holds the key, it allocates nothing, takes no lock and does no I/O.
func (a *Authority) Verify(ctx context.Context, ask keywright.Ask) (v keywright.Verdict, err error) {
	_, err = a.judge(ctx, &ask, &v)
	return v, err
}

// VerifyAs judges a key for a caller. A caller bound to one keyspace need not name it; to a caller bound to an owner
// the keys of others do not exist.
func (a *Authority) VerifyAs(ctx context.Context, c Caller, ask keywright.Ask) (v keywright.Verdict, err error) {
	if ask.Keyspace == "" && len(c.keyspaces) == 1 {
		ask.Keyspace = c.keyspaces[0]
	}
	if ask.Keyspace == "" {
		return v, invalid("keyspace", "is missing", "name the API that the key is for; only a service key bound to one keyspace may leave it out")
	}
	if err := c.may(ScopeVerify, ask.Keyspace); err != nil {
		return v, err
	}
	_, err = a.judgeFor(ctx, &ask, &v, c.owner)
	return v, err
}

// judge writes the verdict to v and returns the rules of the key.
func (a *Authority) judge(ctx context.Context, ask *keywright.Ask, v *keywright.Verdict) (*ruleSet, error) {
	return a.judgeFor(ctx, ask, v, "")
}

// judgeFor is judge where there are only the keys of an owner, unless that is empty: those of others are
// judged as one that nobody has. It looks at the lease of the store twice: what was judged under it must not be
// answered after its end.
func (a *Authority) judgeFor(ctx context.Context, ask *keywright.Ask, v *keywright.Verdict, owner string) (*ruleSet, error) {
	return a.judgeWith(ctx, ask, v, owner, nil)
}

// judgeWith is judgeFor of a key that is to be exchanged, unless x is nil.
func (a *Authority) judgeWith(ctx context.Context, ask *keywright.Ask, v *keywright.Verdict, owner string, x *exchanging) (*ruleSet, error) {
	if a.frozen.Load() {
		return nil, errFrozen
	}
	if a.lease == nil {
		return a.decide(ctx, ask, v, owner, x)
	}
	err := a.lease.Lease()
	var rules *ruleSet
	if err == nil {
		if rules, err = a.decide(ctx, ask, v, owner, x); err != nil {
			return nil, err
		}
		err = a.lease.Lease()
	}
	if err != nil {
		*v = keywright.Verdict{}
		return nil, fromStore(err)
	}
	return rules, nil
}

// decide is judgeWith without the lease.
func (a *Authority) decide(ctx context.Context, ask *keywright.Ask, v *keywright.Verdict, owner string, x *exchanging) (*ruleSet, error) {
	j := judgement{authority: a, space: a.space(ask.Keyspace), only: owner, exchange: x}
	if j.space == nil {
		return nil, unknown("keyspace", "make it first, or name another")
	}
	if ask.Cost != 0 || len(ask.Limits) > 0 {
		if err := checkCost(ask); err != nil {
			return nil, err
		}
	}
	if len(ask.Tags) > 0 {
		if err := checkTags(ask.Tags); err != nil {
			return nil, err
		}
	}
	if err := j.find(ctx, ask.Key); err != nil {
		return nil, err
	}
	if j.rules != nil && j.rules.Decoy != nil {
		j.hideDecoy(ask)
	}
	err := j.conclude(ctx, ask, v)
	return j.rules, err
}

// conclude judges a key that was looked for, and writes the verdict to v.
func (j *judgement) conclude(ctx context.Context, ask *keywright.Ask, v *keywright.Verdict) error {
	a, x := j.authority, j.exchange
	if j.rules != nil && j.rules.parent != nil {
		if err := j.ascend(ctx); err != nil {
			return err
		}
	}
	if j.named = j.plain(ask); !j.named {
		if err := j.prepare(ask); err != nil {
			return err
		}
	}
	failing := j.failing(ask)
	if x != nil && j.found {
		refused, err := x.refuses(ctx, j, ask)
		if err != nil {
			return err
		}
		failing |= refused
	}
	if failing&ended != 0 {
		j.parseAnyway(ask.Key)
	}
	if j.found && (failing == 0 || ask.Explain) && !j.free(ask) {
		unpaid, err := j.pay(ctx, ask, v, ask.DryRun || failing != 0)
		if err != nil {
			*v = keywright.Verdict{}
			return err
		}
		failing |= unpaid
	}
	step := bits.TrailingZeros(failing | 1<<stepValid)
	j.describe(step, ask, v)
	if step == stepValid && !ask.DryRun && j.record == nil && j.outdated() {
		j.renewHash(ctx, ask.Key)
	}
	if !ask.DryRun {
		j.note(step, ask)
	}
	if ask.Explain {
		j.explain(failing, ask, v)
	}
	if len(ask.Include) > 0 && j.found {
		if err := a.include(ctx, v, ask.Include); err != nil {
			*v = keywright.Verdict{}
			return err
		}
	}
	return nil
}

const (
	maxTags     = 8
	maxTagBytes = 64
)

// checkTags refuses tags that cannot be written to a log as they are.
func checkTags(tags []string) error {
	if len(tags) > maxTags {
		return tooMany("tags", maxTags)
	}
	for i, tag := range tags {
		if tag == "" || len(tag) > maxTagBytes || strings.ContainsFunc(tag, notInTags) {
			return invalid(fmt.Sprintf("tags[%d]", i), "is not 1 to 64 letters, digits, _ . : / = and -", "for example route=invoices; never a secret, since tags are logged")
		}
	}
	return nil
}

func notInTags(r rune) bool {
	return (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') && !strings.ContainsRune("_.:/=-", r)
}

// ascend looks up the keys above a child.
func (j *judgement) ascend(ctx context.Context) (err error) {
	j.depth, err = j.authority.ancestors(ctx, j.rules.parent, &j.above)
	return err
}

// judgement is one verification on its way.
type judgement struct {
	authority *Authority
	space     *space
	format    *keywright.Format // nil: malformed
	hash      keywright.Hash    // as the table knows it
	publicID  string
	found     bool
	id        keywright.KeyID
	state     table.State
	owner     string
	kind      *kind
	rules     *ruleSet
	scopes    []string            // granted
	named     bool                // the ask is plain
	unparsed  bool                // the hash was found, and proves how the key is written
	only      string              // the one owner whose keys exist; empty: all do
	hidden    bool                // there is such a key, of another owner
	doubtful  bool                // the table does not know the state
	slow      bool                // judged by a slow hash
	pepper    string              // of the hash; empty: none
	missing   string              // a pepper that cannot be opened
	stored    keywright.Hash      // of the secret, as its record has it
	above     [maxDepth]*ancestor // of a child, nearest first
	depth     int                 // how many
	expr      *keywright.ScopeExpr
	exchange  *exchanging // the key is to be exchanged; nil: it is not
	record    *Record     // of the service key of a session, whose key is not here; nil: there is a key
}

// plain reports whether an ask needs no look: all it asks for is scopes that the key has by name.
func (j *judgement) plain(ask *keywright.Ask) bool {
	if !j.found || j.depth > 0 || ask.ScopeExpr != "" || len(ask.Include) > 0 {
		return false
	}
	for _, s := range ask.Scopes {
		if !slices.Contains(j.scopes, s) || strings.IndexByte(s, '*') >= 0 {
			return false
		}
	}
	return true
}

// prepare refuses an ask that cannot be understood.
func (j *judgement) prepare(ask *keywright.Ask) error {
	for _, s := range ask.Scopes {
		if err := keywright.CheckScope(s); err != nil {
			return invalid("scopes", "holds something else than scopes", err.Error())
		}
	}
	if ask.ScopeExpr != "" {
		e, err := keywright.ParseScopeExpr(ask.ScopeExpr)
		if err != nil {
			return invalid("scope_expr", "cannot be read", err.Error())
		}
		j.expr = &e
	}
	for _, field := range ask.Include {
		if field != "name" && field != "metadata" && field != "limits" {
			return invalid("include", "asks for something that verdicts do not carry", "use name, metadata or limits")
		}
	}
	return nil
}
