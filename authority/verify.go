// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// lookupTime is how long a verification waits for the store.
const lookupTime = 10 * time.Second

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

// judgeFor is judge where there are only the keys of an owner, unless that is empty: of those of others nothing is told
// and nothing spent. It looks at the lease of the store twice: what was judged under it must not be answered after its
// end.
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
	j := judgement{authority: a, space: a.space(ask.Keyspace), exchange: x}
	if j.space == nil {
		return nil, unknown("keyspace", "make it first, or name another")
	}
	if ask.Cost != 0 || len(ask.Limits) > 0 {
		if err := checkCost(ask); err != nil {
			return nil, err
		}
	}
	if err := j.find(ctx, ask.Key); err != nil {
		return nil, err
	}
	if j.rules != nil && j.rules.parent != nil {
		if err := j.ascend(ctx); err != nil {
			return nil, err
		}
	}
	if j.named = j.plain(ask); !j.named {
		if err := j.prepare(ask); err != nil {
			return nil, err
		}
	}
	if owner != "" && j.found && j.owner != owner {
		v.Code, v.Keyspace = keywright.NotFound, j.space.Name
		return nil, nil
	}
	failing := j.failing(ask)
	if x != nil && j.found {
		refused, err := x.refuses(ctx, &j, ask)
		if err != nil {
			return nil, err
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
			return nil, err
		}
		failing |= unpaid
	}
	step := bits.TrailingZeros(failing | 1<<stepValid)
	j.describe(step, ask, v)
	if step == stepValid && !ask.DryRun && j.outdated() {
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
			return nil, err
		}
	}
	return j.rules, nil
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
	doubtful  bool                // the table does not know the state
	slow      bool                // judged by a slow hash
	pepper    string              // of the hash; empty: none
	missing   string              // a pepper that cannot be opened
	stored    keywright.Hash      // of the secret, as its record has it
	above     [maxDepth]*ancestor // of a child, nearest first
	depth     int                 // how many
	expr      *keywright.ScopeExpr
	exchange  *exchanging // the key is to be exchanged; nil: it is not
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

// find looks for the key by each format of the keyspace. Whatever the key, it is hashed and looked for: the time that
// a refusal takes does not tell why.
func (j *judgement) find(ctx context.Context, key keywright.Secret) error {
	a := j.authority
	complete := a.complete.Load() // before the look: what is filled in between is then asked for
	text := key.Reveal()
	full := keywright.HashText(text[:min(len(text), keywright.MaxKeyBytes)])
	j.hash = full
	if j.look(&full, text) {
		return nil
	}
	for i := range j.space.Formats {
		f := &j.space.Formats[i]
		k, err := f.Parse(key)
		if err != nil || k.Checksum() == keywright.ChecksumWrong {
			continue
		}
		j.format = f
		stored := full
		if f.Hash != keywright.CoverFull || !k.Full().Equal(key) { // or it was read leniently
			stored = k.Hash()
		}
		found, err := j.seek(ctx, k, stored, tableHash(f, stored, k.Environment(), k.PublicID()), complete)
		if !found && err == nil {
			found, err = j.seekOther(ctx, k, complete)
		}
		if found || err != nil {
			return err
		}
	}
	if j.missing != "" {
		return errPepper(j.missing)
	}
	return nil
}

// ended are the steps at which a key is refused that is as good as unknown to the outside world.
const ended = 1<<stepRevoked | 1<<stepDisabled | 1<<stepExpired | 1<<stepNotYet

// parseAnyway does for a key that was found at once and is refused what an unknown one costs, so that the time of a
// refusal does not tell them apart.
func (j *judgement) parseAnyway(key keywright.Secret) {
	if !j.unparsed {
		return
	}
	for i := range j.space.Formats {
		k, err := j.space.Formats[i].Parse(key)
		if err != nil || k.Checksum() == keywright.ChecksumWrong {
			continue
		}
		hash := j.hash
		hash[0] ^= 1 // nobody has it
		_, _, _ = j.authority.table.Find((*[32]byte)(&hash))
	}
}

// look looks in the table for a key that has not been parsed. A key that was made here and has the right hash is the
// one that was made, so it is written right.
func (j *judgement) look(hash *keywright.Hash, text string) bool {
	a := j.authority
	id, state, ok := a.table.Find((*[32]byte)(hash))
	if !ok || state.Has(table.Registered) || state.Has(table.Doubtful) || state.Has(table.Slow) {
		return false
	}
	g := a.grants.At(state.Grant())
	kind := a.kinds.At(g.kind)
	if kind.space != j.space.number {
		return false
	}
	f := j.formatOf(kind)
	if f.Hash != keywright.CoverFull {
		return false
	}
	j.format, j.publicID, j.stored, j.unparsed = f, f.PublicID(text), *hash, true
	j.take(id, state, g, kind)
	return true
}

// lookParsed looks in the table for a key that is written as its format says.
func (j *judgement) lookParsed(hash *keywright.Hash, k keywright.Key, stored keywright.Hash) bool {
	a := j.authority
	id, state, ok := a.table.Find((*[32]byte)(hash))
	if j.doubtful = ok && state.Has(table.Doubtful); !ok || j.doubtful || state.Has(table.Slow) {
		return false
	}
	g := a.grants.At(state.Grant())
	kind := a.kinds.At(g.kind)
	if kind.space != j.space.number || j.formatOf(kind).Name != j.format.Name {
		return false // of another keyspace, or written in another format
	}
	if j.format.Environment != "" && k.Environment() != kind.environment {
		return false // a public segment differs from the record's
	}
	j.hash, j.publicID, j.stored = *hash, k.PublicID(), stored
	j.take(id, state, g, kind)
	return true
}

// formatOf returns the format of a key of this keyspace, which may have been added since the verification began.
func (j *judgement) formatOf(k *kind) *keywright.Format {
	if k.place >= len(j.space.Formats) {
		j.space = j.authority.space(j.space.Name)
	}
	return &j.space.Formats[k.place]
}

func (j *judgement) take(id keywright.KeyID, state table.State, g grant, k *kind) {
	j.found, j.id, j.state, j.owner, j.kind = true, id, state, j.authority.owners.At(g.owner), k
	j.rules = j.authority.rules.At(g.rules)
	j.scopes = j.authority.scopes.At(g.scopes).list()
}

// fetch reads the record of a hash into the table, once however many ask at the same time. The table knows it as known.
func (a *Authority) fetch(ctx context.Context, h, known keywright.Hash) error {
	result := a.lookups.DoChan(string(h[:]), func() (any, error) {
		if _, state, ok := a.table.Find((*[32]byte)(&known)); ok && !state.Has(table.Doubtful) {
			return nil, nil // another fetch ended between our look and now
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTime)
		defer cancel()
		a.asked.Add(1)
		r, err := a.store.Lookup(ctx, h)
		if errors.Is(err, ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, fromStore(err)
		}
		if err := a.resident(&r, a.table.Fill); err != nil {
			return nil, &Error{Kind: Unavailable, Problem: "the record of this key cannot be judged", Hint: "look at the log of the server", Cause: err}
		}
		return nil, nil
	})
	select {
	case r := <-result:
		return r.Err
	case <-ctx.Done():
		return fromStore(ctx.Err())
	}
}

// describe fills in what may be known of the key.
func (j *judgement) describe(step int, ask *keywright.Ask, v *keywright.Verdict) {
	v.Code = codes[step]
	v.Keyspace = j.space.Name
	if !j.found {
		return
	}
	v.KeyID = j.id
	v.PublicID = j.publicID
	v.Format = j.format.Name
	v.Environment = j.kind.environment
	v.Owner = j.owner
	v.Scopes = j.effective()
	v.Previous = j.state.Has(table.Previous)
	if s := j.expires(); s != 0 {
		v.ExpiresAt = time.Unix(int64(s), 0).UTC()
	}
	if step == stepScope {
		v.Missing = keywright.MissingScopes(v.Scopes, ask.Scopes)
		if j.expr != nil {
			_, missing := j.expr.Granted(v.Scopes)
			v.Missing = append(v.Missing, missing...)
		}
	}
}
