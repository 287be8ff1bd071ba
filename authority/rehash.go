// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// outdated reports whether a valid key is kept by another hash than its keyspace wants.
func (j *judgement) outdated() bool {
	if j.slow {
		return true
	}
	want := j.space.Policy.Pepper
	return want != "" && want != j.pepper && !keptAsGiven(j.state.Has(table.Registered), j.publicID)
}

// keptAsGiven reports whether a secret keeps the hash that it was registered with: without a public id nothing else would
// tell that it is here already, and a second import of it would make a second record.
func keptAsGiven(registered bool, publicID string) bool { return registered && publicID == "" }

// renewHash keeps the key by the hash that its keyspace wants. A judgement does not fail because that does.
func (j *judgement) renewHash(ctx context.Context, key keywright.Secret) {
	now, err := j.authority.rehash(ctx, j.id, j.stored, j.space, j.format, key)
	if !now.IsZero() {
		j.stored = now
	}
	if err != nil {
		j.authority.log.Error("a secret could not be rehashed; its next use tries again", "key_id", j.id.String(), "error", err)
	}
}

// rehash keeps a secret by the hash that its keyspace wants, now that its key is here and valid, and returns that hash.
// A crash in between leaves the one or the other, and both verify.
func (a *Authority) rehash(ctx context.Context, id keywright.KeyID, stored keywright.Hash, s *space, f *keywright.Format, key keywright.Secret) (now keywright.Hash, err error) {
	k, err := f.Parse(key)
	if err != nil {
		return now, err
	}
	a.peppers.mu.RLock()
	defer a.peppers.mu.RUnlock()
	defer a.lock(id)()
	var was StoredSecret
	var environment string
	e := edit{scope: ScopeWrite, verb: "key.rehash", change: func(r *Record) ([]string, error) {
		place := slices.IndexFunc(r.Secrets, func(o StoredSecret) bool { return o.Hash == stored })
		if was = (StoredSecret{}); place < 0 || keptAsGiven(r.Secrets[place].Registered, r.Secrets[place].PublicID) {
			return nil, nil
		}
		was, environment = r.Secrets[place], r.Environment
		r.Secrets = slices.Clone(r.Secrets)
		to := &r.Secrets[place]
		line, err := a.storeHash(s, k, to)
		to.Slow, to.Registered = "", false
		now = to.Hash
		return []string{line}, err
	}}
	for tries := 0; ; tries++ {
		_, err = a.tryChange(ctx, Operator("system", Origin{}), id, e)
		if !errors.Is(err, ErrConflict) || tries == 3 {
			break
		}
	}
	if was.Hash.IsZero() || was.Hash == now {
		return now, fromStore(err)
	}
	known := was.Hash
	if was.Slow == "" {
		known = tableHash(f, was.Hash, environment, was.PublicID)
	}
	_, state, _ := a.table.Find((*[32]byte)(&known))
	switch {
	case err == nil: // the table has the secret under its new hash already
		a.table.Put(known, id, table.NewState(0, table.Slow, state.Grant()))
	case !errors.Is(err, ErrConflict): // nobody knows which of the two the store has
		a.table.Put(known, id, state.With(table.Doubtful))
	}
	if err != nil {
		return keywright.Hash{}, fromStore(err)
	}
	return now, nil
}

// storeHash sets the hash of a secret as its keyspace wants it, and says which it is.
func (a *Authority) storeHash(s *space, k keywright.Key, to *StoredSecret) (line string, err error) {
	to.Pepper = s.Policy.Pepper
	if to.Pepper == "" {
		to.Hash = k.Hash()
		return "hash sha256", nil
	}
	p := a.peppers.find(to.Pepper)
	if p == nil || p.key == nil {
		return "", errPepper(to.Pepper)
	}
	to.Hash = k.MAC(p.key)
	return "hash hmac-sha256 with pepper " + p.name, nil
}
