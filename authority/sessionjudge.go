// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// ResumeSession returns the session of a token and the caller that it stands for. The service key is judged by its record as
// it is now, as if it had been presented from this address. Use says that somebody is there: it puts the idle timeout off.
// An error of kind Over means that there is no such session, that it has ended, or that its key may not be used.
func (a *Authority) ResumeSession(ctx context.Context, token keywright.Secret, from Origin, use bool) (Session, Caller, error) {
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemSession, Name: sessionName(token)})
	if err != nil {
		return Session{}, Caller{}, fromStore(err)
	}
	if len(page.Items) == 0 {
		return Session{}, Caller{}, errOver
	}
	s, err := openSession(page.Items[0])
	if err != nil {
		return Session{}, Caller{}, err
	}
	if a.sessionOver(&s) != "" {
		return Session{}, Caller{}, errOver
	}
	c, j, v, err := a.judgeCaller(ctx, keywright.Secret{}, from, &s)
	if err != nil {
		return Session{}, Caller{}, err
	}
	switch {
	case v.Code == keywright.RateLimited || v.Code == keywright.CreditsExhausted:
		limit := v.Limit
		return Session{}, Caller{}, &Error{Kind: Exhausted, Problem: "a limit of the service key is reached", Hint: "come again when it allows", Limit: &limit}
	case !v.Valid():
		return Session{}, Caller{}, errOver
	}
	c.session = s.item.Name
	if use {
		a.noteSession(ctx, &s)
	}
	return a.showSession(&s, &c, j.record), c, nil
}

// sessionOver says why a session has ended by the clock, or nothing. One that was used in the future is not believed: the
// clock was wrong then, or is now.
func (a *Authority) sessionOver(s *savedSession) string {
	now := a.now()
	switch {
	case !now.Before(s.Ends):
		return "over"
	case !now.Before(s.Used.Add(a.sessionIdle)) || now.Before(s.Used.Add(-a.sessionIdle)):
		return "idle"
	}
	return ""
}

// noteSession writes that a session was used, at most once a minute. It is not worth a refusal where that fails: the
// session ends sooner then.
func (a *Authority) noteSession(ctx context.Context, s *savedSession) {
	now := a.now()
	if now.Sub(s.Used) < sessionWritesEvery {
		return
	}
	used := *s
	used.Used = now
	item, err := used.put(s.item.Version + 1)
	if err == nil && a.store.Apply(context.WithoutCancel(ctx), Change{Puts: []Put{item}}) == nil {
		s.Used = now
	}
}

var errNoService error = &Error{Kind: Unidentified, Problem: "the service key is not valid", Hint: "send Authorization: Bearer with a service key; an operator makes one with: keywright issue --keyspace keywright --scope keys:verify"}

// judgeCaller judges a service key: the one that is given, or the one of a session, unless that is nil.
func (a *Authority) judgeCaller(ctx context.Context, key keywright.Secret, from Origin, s *savedSession) (c Caller, j judgement, v keywright.Verdict, err error) {
	if err := a.Frozen(); err != nil {
		return c, j, v, err
	}
	if err := a.leased(); err != nil {
		return c, j, v, err
	}
	ask := keywright.Ask{Key: key, Keyspace: ReservedKeyspace, ClientIP: from.Address}
	j = judgement{authority: a, space: a.space(ReservedKeyspace)}
	if s != nil {
		err = j.recall(ctx, s)
	} else {
		err = j.find(ctx, key)
	}
	if err == nil {
		err = j.conclude(ctx, &ask, &v)
	}
	if err == nil {
		err = a.leased()
	}
	if err != nil {
		return Caller{}, j, keywright.Verdict{}, err
	}
	c = Caller{key: v.KeyID, scopes: v.Scopes, origin: from}
	if j.rules != nil {
		c.keyspaces, c.owner = j.rules.Keyspaces, j.rules.Owner
	}
	return c, j, v, nil
}

func (a *Authority) leased() error {
	if a.lease == nil {
		return nil
	}
	return fromStore(a.lease.Lease())
}

// recall finds the secret that a session was begun with, without its key. It is judged by the table, as that has every
// change before the act returns.
func (j *judgement) recall(ctx context.Context, s *savedSession) error {
	a := j.authority
	page, err := a.store.List(ctx, Query{ID: s.id, Keyspace: ReservedKeyspace})
	if err != nil {
		return fromStore(err)
	}
	if len(page.Records) == 0 {
		return errOver
	}
	r := &page.Records[0]
	secret := slices.IndexFunc(r.Secrets, func(o StoredSecret) bool { return o.PublicID == s.PublicID && o.Created.Equal(s.Made) })
	format := slices.IndexFunc(j.space.Formats, func(f keywright.Format) bool { return f.Name == r.Format })
	if secret < 0 || format < 0 {
		return errOver
	}
	stored := r.Secrets[secret].Hash
	known := stored
	if r.Secrets[secret].Slow == "" {
		known = tableHash(&j.space.Formats[format], stored, r.Environment, s.PublicID)
	}
	id, state, ok := a.table.Find((*[32]byte)(&known))
	if !ok || state.Has(table.Doubtful) {
		if err := a.fetch(ctx, stored, known); err != nil {
			return err
		}
		if id, state, ok = a.table.Find((*[32]byte)(&known)); ok && state.Has(table.Doubtful) {
			return &Error{Kind: Unavailable, Problem: "the record of the service key cannot be judged", Hint: "look at the log of the server"}
		}
	}
	if !ok || id != s.id {
		return errOver
	}
	g := a.grants.At(state.Grant())
	kind := a.kinds.At(g.kind)
	j.format, j.hash, j.stored, j.publicID, j.record = j.formatOf(kind), known, stored, s.PublicID, r
	j.take(id, state, g, kind)
	return nil
}
