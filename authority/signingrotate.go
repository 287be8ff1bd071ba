// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"
	"time"

	"github.com/keywright/keywright/signed"
)

// putSigningKeys puts new keys and takes old ones away, in one change. The caller holds the lock of the keys.
func (a *Authority) putSigningKeys(ctx context.Context, c Caller, put []*signingKey, goneBy string, gone []Item) error {
	var change Change
	for _, k := range put {
		event, err := a.event(c, "signing_key.create", k.key.ID(), "", []string{
			"algorithm " + string(k.key.Algorithm()), "signs_from " + k.from.Format(time.RFC3339),
		})
		if err != nil {
			return err
		}
		item := k.item
		change.Puts, change.Events = append(change.Puts, &item), append(change.Events, event)
	}
	for i := range gone {
		event, err := a.event(c, goneBy, gone[i].Name, "", []string{"removed"})
		if err != nil {
			return err
		}
		change.Puts, change.Events = append(change.Puts, &Removal{Item: &gone[i]}), append(change.Events, event)
	}
	if len(change.Events) == 0 {
		return nil
	}
	end := a.acting.begin()
	defer end()
	if err := a.store.Apply(context.WithoutCancel(ctx), change); err != nil {
		a.signing.stale = true // whether it was applied is not known
		return fromStore(err)
	}
	left := slices.DeleteFunc(a.signing.keys, func(k *signingKey) bool {
		return slices.ContainsFunc(gone, func(i Item) bool { return i.Name == k.item.Name })
	})
	a.signing.keys = left
	for _, k := range put {
		a.signing.add(k)
	}
	return nil
}

// How a signing key goes: when its last token has ended, or at once and with all of its tokens.
const (
	signingKeyRetired = "signing_key.retire"
	signingKeyDropped = "signing_key.drop"
)

// algorithms returns what the keyspaces sign tokens with.
func (a *Authority) algorithms() (list []signed.Algorithm) {
	for _, s := range *a.spaces.Load() {
		if e := s.Policy.Exchange; e != nil && !slices.Contains(list, e.algorithm()) {
			list = append(list, e.algorithm())
		}
	}
	slices.Sort(list)
	return list
}

// tendSigningKeys makes the keys that are missing and those that are to sign next, and forgets those whose last token has
// ended.
func (a *Authority) tendSigningKeys(ctx context.Context) error {
	algorithms := a.algorithms()
	a.signing.mu.Lock()
	defer a.signing.mu.Unlock()
	if err := a.freshSigningKeys(ctx); err != nil {
		return err
	}
	if a.sealer == nil || len(a.signing.closed) > 0 || len(a.signing.keys) == 0 && len(algorithms) == 0 {
		return nil // an exchange says so
	}
	now := a.now()
	for _, algorithm := range algorithms {
		current, err := a.firstSigner(ctx, algorithm, now)
		if err != nil {
			return err
		}
		_, next := a.signing.current(algorithm, now)
		if next != nil || now.Before(current.from.Add(a.signingLife-signingLead)) {
			continue
		}
		if err := a.announceSigner(ctx, Operator("system", Origin{}), algorithm, now); err != nil {
			return err
		}
	}
	var gone []Item
	for _, k := range a.signing.keys {
		if end := a.signing.gone(k); !end.IsZero() && !now.Before(end) {
			gone = append(gone, k.item)
		}
	}
	return a.putSigningKeys(ctx, Operator("system", Origin{}), nil, signingKeyRetired, gone)
}

// announceSigner publishes a key that signs when everybody can know it.
func (a *Authority) announceSigner(ctx context.Context, c Caller, algorithm signed.Algorithm, now time.Time) error {
	k, err := a.newSigningKey(algorithm, now, wholeSeconds(now.Add(signingLead)))
	if err != nil {
		return err
	}
	return a.putSigningKeys(ctx, c, []*signingKey{k}, "", nil)
}

// A SigningKey is what may be shown of one: never its private half.
type SigningKey struct {
	ID        string // kid
	Algorithm string // empty: it cannot be opened
	Created   time.Time
	SignsFrom time.Time
	GoneAt    time.Time // when the last token of it has ended and it is forgotten; zero: not known yet
	State     string    // next, current, retired, or closed: sealed with another root key
}

// SigningKeys lists the keys that sign tokens, the oldest first.
func (a *Authority) SigningKeys(ctx context.Context, c Caller) ([]SigningKey, error) {
	if err := c.maySigningKeys(); err != nil {
		return nil, err
	}
	a.signing.mu.Lock()
	defer a.signing.mu.Unlock()
	if err := a.freshSigningKeys(ctx); err != nil {
		return nil, err
	}
	return a.listSigningKeys(), nil
}

func (a *Authority) listSigningKeys() (list []SigningKey) {
	for _, item := range a.signing.closed {
		list = append(list, SigningKey{ID: item.Name, Created: item.Created, State: "closed"})
	}
	now := a.now()
	for _, k := range a.signing.keys {
		shown := SigningKey{
			ID: k.key.ID(), Algorithm: string(k.key.Algorithm()), Created: k.item.Created, SignsFrom: k.from,
			GoneAt: a.signing.gone(k), State: "retired",
		}
		switch current, next := a.signing.current(k.key.Algorithm(), now); k {
		case current:
			shown.State = "current"
		case next:
			shown.State = "next"
		}
		list = append(list, shown)
	}
	return list
}

// maySigningKeys decides who may look after signing keys, which belong to no keyspace.
func (c Caller) maySigningKeys() error {
	if len(c.keyspaces) > 0 || c.owner != "" {
		return denied("the caller is bound, and signing keys are of the whole authority", "use a service key that is not bound")
	}
	return c.May(ScopeAdmin)
}

// RotateSigningKeys makes a new key for each algorithm that is in use. It signs when everybody can know it, 65 minutes
// later, unless one is on its way already. With dropOld the keys that are there are forgotten at once, which ends every token
// they signed, and the new ones sign from now on: for the day on which a key or the root key was stolen.
func (a *Authority) RotateSigningKeys(ctx context.Context, c Caller, dropOld bool) ([]SigningKey, error) {
	if err := c.maySigningKeys(); err != nil {
		return nil, err
	}
	if err := a.needSealer(); err != nil {
		return nil, err
	}
	algorithms := a.algorithms()
	a.signing.mu.Lock()
	defer a.signing.mu.Unlock()
	if err := a.freshSigningKeys(ctx); err != nil {
		return nil, err
	}
	now := a.now()
	if dropOld {
		return a.replaceSigningKeys(ctx, c, algorithms, now)
	}
	if len(a.signing.closed) > 0 {
		return nil, errSigningClosed
	}
	for _, algorithm := range algorithms {
		current, next := a.signing.current(algorithm, now)
		var err error
		switch {
		case current == nil:
			_, err = a.firstSigner(ctx, algorithm, now)
		case next == nil:
			err = a.announceSigner(ctx, c, algorithm, now)
		}
		if err != nil {
			return nil, err
		}
	}
	return a.listSigningKeys(), nil
}

func (a *Authority) replaceSigningKeys(ctx context.Context, c Caller, algorithms []signed.Algorithm, now time.Time) ([]SigningKey, error) {
	gone := slices.Clone(a.signing.closed)
	for _, k := range a.signing.keys {
		gone = append(gone, k.item)
	}
	var put []*signingKey
	for _, algorithm := range algorithms {
		k, err := a.newSigningKey(algorithm, now, now)
		if err != nil {
			return nil, err
		}
		put = append(put, k)
	}
	if err := a.putSigningKeys(ctx, c, put, signingKeyDropped, gone); err != nil {
		return nil, err
	}
	a.signing.closed = nil
	return a.listSigningKeys(), nil
}
