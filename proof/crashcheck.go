// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// facts are what a store must hold: everything that was acknowledged.
type facts struct {
	dir   string
	keys  map[string]*fact
	order []*fact
	walk  authority.Walk
	acts  map[string]int  // events by verb and target
	lost  map[string]bool // records that were issued and not acknowledged: nobody has their keys
}

type fact struct {
	known
	ended   []string // keys that were rotated out, with no grace
	rotated int
	revoked bool
	valid   int64 // acknowledged
	unsaid  int64 // spends that were found and not acknowledged
}

func newFacts(dir string) *facts {
	return &facts{dir: dir, keys: map[string]*fact{}, acts: map[string]int{}, lost: map[string]bool{}}
}

// learn notes what the child has acknowledged.
func (f *facts) learn(a ack, total *tally) {
	k := f.keys[a.ID]
	switch a.Act {
	case "issue", "issue counted":
		total.issued++
		k = &fact{known: known{a.ID, a.Key, a.Act == "issue counted"}}
		f.keys[a.ID] = k
		f.order = append(f.order, k)
	case "rotate":
		total.rotated++
		k.ended = append(k.ended, k.Key)
		k.Key = a.Key
		k.rotated++
	case "revoke":
		total.revoked++
		k.revoked = true
	case "valid":
		total.valid++
		k.valid++
	}
}

// some returns keys for the next child: the newest that can be used, and of those with credits a few.
func (f *facts) some(dice *rand.Rand) (keys []known) {
	for i := len(f.order) - 1; i >= 0 && len(keys) < 20; i-- {
		k := f.order[i]
		if !k.revoked && (k.valid+k.unsaid < firstCredits || dice.IntN(4) == 0) {
			keys = append(keys, k.known)
		}
	}
	return keys
}

// check opens the store and compares. What the child was about to do when it was killed may be done or not, but whole.
func (f *facts) check(total *tally) error {
	ctx := context.Background()
	store, err := sqlite.Open(ctx, f.dir, sqlite.Options{Holder: "proof"})
	if err != nil {
		return fmt.Errorf("the store does not open again: %w", err)
	}
	defer store.Close()
	if err := f.checkChain(ctx, store); err != nil {
		return err
	}
	if err := f.checkRecords(ctx, store, total); err != nil {
		return err
	}
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: crand.Reader})
	if err != nil {
		return err
	}
	defer a.Close()
	for _, k := range f.order {
		if err := k.check(ctx, a, total); err != nil {
			return fmt.Errorf("key %s: %w", k.ID, err)
		}
	}
	return nil
}

// checkChain walks what is new of the chain.
func (f *facts) checkChain(ctx context.Context, store *sqlite.Store) error {
	after, _ := f.walk.Head()
	events, err := store.Events(ctx, authority.EventQuery{After: after})
	if err != nil {
		return err
	}
	for _, e := range events {
		if err := f.walk.Next(e); err != nil {
			return err
		}
		f.acts[e.Verb+" "+e.Target]++
	}
	return nil
}

// checkRecords compares every record with the events of it, and learns what was done and not acknowledged.
func (f *facts) checkRecords(ctx context.Context, store *sqlite.Store, total *tally) error {
	issued := 0
	for act, n := range f.acts {
		if len(act) > 10 && act[:10] == "key.issue " {
			issued += n
		}
	}
	found := 0
	err := store.Scan(ctx, func(r *authority.Record) error {
		found++
		id := r.ID.String()
		if f.acts["key.issue "+id] != 1 {
			return fmt.Errorf("record %s has %d events of its issue", id, f.acts["key.issue "+id])
		}
		if n := f.acts["key.rotate "+id]; n+1 != len(r.Secrets) && len(r.Secrets) < 10 {
			return fmt.Errorf("record %s has %d events of rotations and %d secrets", id, n, len(r.Secrets))
		}
		if revoked := f.acts["key.revoke "+id] == 1; revoked == r.Revoked.IsZero() {
			return fmt.Errorf("record %s is revoked: %t, and has an event of it: %t", id, !r.Revoked.IsZero(), revoked)
		}
		k := f.keys[id]
		if k == nil {
			if !f.lost[id] {
				f.lost[id] = true
				total.unsaid++
			}
			return nil
		}
		if n := f.acts["key.rotate "+id]; n > k.rotated { // nobody has the new key
			total.unsaid++
			k.ended, k.Key, k.rotated = append(k.ended, k.Key), "", n
		} else if n < k.rotated {
			return fmt.Errorf("record %s has %d events of %d acknowledged rotations", id, n, k.rotated)
		}
		if !r.Revoked.IsZero() && !k.revoked {
			total.unsaid++
			k.revoked = true
		}
		return nil
	})
	if err == nil && found != issued {
		err = fmt.Errorf("%d records, %d events of their issues", found, issued)
	}
	return err
}

// check asks for a key as a client would.
func (k *fact) check(ctx context.Context, a *authority.Authority, total *tally) error {
	id, err := keywright.ParseKeyID(k.ID)
	if err != nil {
		return err
	}
	if _, err := a.Get(ctx, operator, id); err != nil {
		return fmt.Errorf("it was acknowledged and is gone: %w", err)
	}
	want := keywright.Valid
	if k.revoked {
		want = keywright.Revoked
	}
	if k.Key != "" {
		ask := keywright.Ask{Key: keywright.NewSecret(k.Key), Keyspace: authority.DefaultKeyspace, DryRun: true}
		if v, err := a.Verify(ctx, ask); err != nil || v.Code != want && v.Code != keywright.CreditsExhausted {
			return fmt.Errorf("%s, want %s: %w", v.Code, want, err)
		}
	}
	for _, old := range k.ended {
		ask := keywright.Ask{Key: keywright.NewSecret(old), Keyspace: authority.DefaultKeyspace, DryRun: true}
		if v, err := a.Verify(ctx, ask); err != nil || v.Valid() {
			return fmt.Errorf("a secret that was rotated out: %s: %w", v.Code, err)
		}
	}
	if !k.Counted {
		return nil
	}
	return k.checkCredits(ctx, a, id, total)
}

// checkCredits holds the balance against what was acknowledged: no acknowledged spend is lost, no more was taken than
// the spends that were under way when the child was killed, and the ledger adds up.
func (k *fact) checkCredits(ctx context.Context, a *authority.Authority, id keywright.KeyID, total *tally) error {
	b, err := a.Credits(ctx, operator, id)
	if err != nil {
		return err
	}
	spent := firstCredits - b.Remaining
	unsaid := spent - k.valid
	switch {
	case b.Remaining < 0 || k.valid > firstCredits:
		return fmt.Errorf("%d VALID for %d credits, %d left", k.valid, firstCredits, b.Remaining)
	case unsaid < k.unsaid:
		return fmt.Errorf("%d spends were acknowledged, %d more were found, and %d are there", k.valid, k.unsaid, spent)
	case unsaid > k.unsaid+spenders:
		return fmt.Errorf("%d credits are gone that nobody spent", unsaid-k.unsaid)
	}
	total.unsaid += int(unsaid - k.unsaid)
	k.unsaid = unsaid
	lines, _, err := a.Ledger(ctx, operator, id, 0, 1000)
	var sum int64
	for _, l := range lines {
		sum += l.Amount
	}
	if sum != b.Remaining {
		return errors.Join(err, fmt.Errorf("the ledger adds up to %d, the balance is %d", sum, b.Remaining))
	}
	return err
}
