// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

var operator = authority.Operator("simulation", authority.Origin{})

// give begins to watch a right.
func (w *world) give(name string, given time.Time, ask keywright.Ask) *subject {
	return w.watch(name, given, ask, false)
}

func (w *world) watch(name string, given time.Time, ask keywright.Ask, shy bool) *subject {
	ask.Keyspace = authority.DefaultKeyspace
	s := &subject{right: w.law.Give(name, given), ask: ask, shy: shy}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.subjects = append(w.subjects[:len(w.subjects):len(w.subjects)], s)
	return s
}

// take takes rights away by an act, if anybody says that it is done.
func (w *world) take(d *rand.Rand, name string, rights []*subject, do func(context.Context, *authority.Authority) error) {
	rights = slices.DeleteFunc(slices.Clone(rights), func(s *subject) bool { return s.gone.Load() != 0 })
	for _, s := range rights {
		s.right.Taking(time.Now())
		s.going.Store(true)
	}
	returned, ok := w.act(d, name, do)
	if !ok {
		return
	}
	for _, s := range rights {
		s.right.Taken(returned)
		s.gone.Store(int64(returned.Sub(w.began)))
	}
}

// live lets one key come and go.
func (w *world) live(number int) {
	name := fmt.Sprint("key ", number)
	d := w.lots.of(name)
	time.Sleep(time.Duration(d.Int64N(int64(2 * time.Second))))
	var issued authority.Issued
	given, ok := w.act(d, name+": issue", func(ctx context.Context, a *authority.Authority) (err error) {
		issued, err = a.Issue(ctx, operator, authority.IssueRequest{Name: name, Scopes: []string{"a:read", "b:read"}})
		return err
	})
	if !ok {
		return
	}
	shy := d.IntN(3) == 0
	rights := []*subject{w.watch(name, given, keywright.Ask{Key: issued.Key}, shy)}
	if shy {
		w.surprise(d, rights[0])
		w.revoke(d, name, issued.Record.ID, rights)
		return
	}
	time.Sleep(time.Duration(d.Int64N(int64(2 * time.Second))))
	id := issued.Record.ID
	switch d.IntN(6) {
	case 0:
		rights = w.rotate(d, name, id, rights)
	case 1:
		rights = w.disable(d, name, id, rights)
	case 2:
		w.narrow(d, name, id, issued.Key)
	}
	time.Sleep(time.Duration(d.Int64N(int64(time.Second))))
	w.revoke(d, name, id, rights)
}

// surprise asks every node for the first time while the right is taken away: what they read of it races with that.
func (w *world) surprise(d *rand.Rand, s *subject) {
	for place := range w.places {
		for range 8 {
			after := time.Duration(d.Int64N(int64(4 * time.Millisecond)))
			w.asking.Go(func() {
				time.Sleep(after)
				w.verify(place, s)
			})
		}
	}
	time.Sleep(time.Duration(d.Int64N(int64(2 * time.Millisecond))))
}

func (w *world) revoke(d *rand.Rand, name string, id keywright.KeyID, rights []*subject) {
	w.take(d, name+": revoke", rights, func(ctx context.Context, a *authority.Authority) error {
		_, err := a.Revoke(ctx, operator, id, "the simulation")
		return err
	})
}

// rotate gives the key a new secret, and ends the grace of the old one. It returns what the key has then.
func (w *world) rotate(d *rand.Rand, name string, id keywright.KeyID, old []*subject) []*subject {
	var rotated authority.Issued
	given, ok := w.act(d, name+": rotate", func(ctx context.Context, a *authority.Authority) (err error) {
		rotated, err = a.Rotate(ctx, operator, id, authority.RotateRequest{Grace: &authority.Grace{AtMost: time.Hour}, Force: true})
		return err
	})
	if !ok {
		return old
	}
	now := w.give(name+", its second secret", given, keywright.Ask{Key: rotated.Key})
	time.Sleep(time.Duration(d.Int64N(int64(500 * time.Millisecond))))
	w.take(d, name+": end of grace", old, func(ctx context.Context, a *authority.Authority) error {
		_, err := a.EndGrace(ctx, operator, id, true)
		return err
	})
	return append(old, now)
}

// disable takes the key out of use for a while.
func (w *world) disable(d *rand.Rand, name string, id keywright.KeyID, rights []*subject) []*subject {
	w.take(d, name+": disable", rights, func(ctx context.Context, a *authority.Authority) error {
		_, err := a.Disable(ctx, operator, id)
		return err
	})
	time.Sleep(time.Duration(d.Int64N(int64(time.Second))))
	rights[0].right.Restoring(time.Now())
	given, ok := w.act(d, name+": enable", func(ctx context.Context, a *authority.Authority) error {
		_, err := a.Enable(ctx, operator, id)
		return err
	})
	if !ok {
		return nil
	}
	return []*subject{w.give(name+", enabled again", given, rights[0].ask)}
}

// narrow takes one of two scopes away.
func (w *world) narrow(d *rand.Rand, name string, id keywright.KeyID, key keywright.Secret) {
	s := w.give(name+", its scope b:read", time.Now(), keywright.Ask{Key: key, Scopes: []string{"b:read"}})
	time.Sleep(time.Duration(d.Int64N(int64(500 * time.Millisecond))))
	left := []string{"a:read"}
	w.take(d, name+": narrow", []*subject{s}, func(ctx context.Context, a *authority.Authority) error {
		_, err := a.Update(ctx, operator, id, authority.Update{Scopes: &left})
		return err
	})
}
