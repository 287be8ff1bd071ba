// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

const (
	litter     = 4                      // keys that are issued, and end, together
	mostWait   = 400 * time.Millisecond // for all nodes to have found a key VALID, before its life goes on
	actTimeout = 15 * time.Second
)

// A life is a key from its issue to its revocation.
type life struct {
	run      *run
	dice     *rand.Rand
	id       keywright.KeyID
	name     string
	owner    string
	subjects []*subject // rights that it has
}

// keepLiving lets keys come and go, until enough were revoked.
func (r *run) keepLiving(ctx context.Context, dice *rand.Rand, worker int) {
	for n := 0; ctx.Err() == nil && !r.done(); n++ {
		owner := fmt.Sprintf("owner-%d-%d", worker, n)
		lives := r.issue(ctx, dice, owner)
		r.await(lives)
		if len(lives) > 0 && dice.IntN(8) == 0 {
			r.revokeOwner(ctx, lives)
			continue
		}
		var all sync.WaitGroup
		for _, l := range lives {
			all.Go(func() { l.goOn(ctx) })
		}
		all.Wait()
	}
}

// issue makes keys through a random node. Each verifies on every node from then on.
func (r *run) issue(ctx context.Context, dice *rand.Rand, owner string) (lives []*life) {
	n := r.someNode(dice)
	began := time.Now()
	requests := slices.Repeat([]api.IssueRequest{{Owner: owner, Scopes: []string{"a:read", "b:read"}}}, litter)
	var issued []api.IssueLine
	err := r.clients[n].IssueMany(ctx, slices.Values(requests), func(l api.IssueLine) error {
		issued = append(issued, l)
		return nil
	})
	if err != nil {
		r.trouble(n, began, time.Now(), "an issue", err)
	}
	returned := time.Now()
	for _, i := range issued {
		if i.Problem != nil {
			r.trouble(n, began, returned, "an issue", i.Problem)
			continue
		}
		l := &life{run: r, dice: rand.New(rand.NewPCG(dice.Uint64(), 1)), id: i.Record.ID, name: i.Record.ID.String(), owner: owner}
		l.give("its key", returned, api.VerifyRequest{Key: i.Key})
		lives = append(lives, l)
	}
	return lives
}

// give begins to watch a right.
func (l *life) give(what string, given time.Time, ask api.VerifyRequest) *subject {
	s := newSubject(l.run.law, l.name+", "+what, given, len(l.run.cluster.Nodes), ask)
	l.subjects = append(l.subjects, s)
	l.run.watch.add(s)
	return s
}

// await waits until every node has found the keys VALID that can be asked now.
func (r *run) await(lives []*life) {
	until := time.Now().Add(mostWait)
	for _, l := range lives {
		for _, s := range l.subjects {
			for !s.everywhere(r.faults.hit) && time.Now().Before(until) {
				time.Sleep(time.Millisecond)
			}
		}
	}
}

// goOn lives the rest of a life, in one of many ways.
func (l *life) goOn(ctx context.Context) {
	switch l.dice.IntN(10) {
	case 0:
		l.rotate(ctx)
	case 1:
		l.disable(ctx)
	case 2:
		l.narrow(ctx)
	}
	l.revoke(ctx)
}

// act does something through random nodes until one says that it is done, and returns when that was. It is the longest
// that anybody waits for a receipt.
func (r *run) act(ctx context.Context, dice *rand.Rand, what string, do func(context.Context, *client.Client) error) (returned time.Time, ok bool) {
	for ctx.Err() == nil {
		n := r.someNode(dice)
		began := time.Now()
		trying, cancel := context.WithTimeout(ctx, actTimeout)
		err := do(trying, r.clients[n])
		cancel()
		returned = time.Now()
		if err == nil {
			r.faults.receipt(returned.Sub(began))
			return returned, true
		}
		if ctx.Err() == nil {
			r.trouble(n, began, returned, what, err)
			time.Sleep(5 * time.Millisecond)
		}
	}
	return returned, false
}

// take takes rights away by an act.
func (l *life) take(ctx context.Context, what string, rights []*subject, do func(context.Context, *client.Client) error) bool {
	for _, s := range rights {
		s.taking()
	}
	returned, ok := l.run.act(ctx, l.dice, what, do)
	if ok {
		for _, s := range rights {
			s.taken(returned)
		}
	}
	return ok
}

func (l *life) revoke(ctx context.Context) {
	rights := slices.DeleteFunc(slices.Clone(l.subjects), func(s *subject) bool { return s.state.Load() == gone })
	if l.take(ctx, "a revoke", rights, func(ctx context.Context, c *client.Client) error {
		_, err := c.Revoke(ctx, l.id, "the proof")
		return err
	}) {
		l.run.revoked.Add(1)
	}
}

// rotate gives the key a new secret, and ends the grace of the one before.
func (l *life) rotate(ctx context.Context) {
	r := l.run
	n := r.someNode(l.dice)
	began := time.Now()
	rotated, err := r.clients[n].Rotate(ctx, l.id, api.RotateRequest{Grace: &api.Grace{AtMost: api.Duration(time.Hour)}}, "")
	if err != nil {
		if ctx.Err() == nil {
			r.trouble(n, began, time.Now(), "a rotation", err)
		}
		return
	}
	old := slices.Clone(l.subjects)
	l.give("its second key", time.Now(), api.VerifyRequest{Key: rotated.Key})
	r.await([]*life{l})
	l.take(ctx, "an end of a grace", old, func(ctx context.Context, c *client.Client) error {
		_, err := c.EndGrace(ctx, l.id, true)
		return err
	})
}

// disable disables the key for a while, and mostly enables it again.
func (l *life) disable(ctx context.Context) {
	first := l.subjects[0]
	if !l.take(ctx, "a disable", l.subjects, func(ctx context.Context, c *client.Client) error {
		_, err := c.Disable(ctx, l.id)
		return err
	}) {
		return
	}
	time.Sleep(time.Duration(l.dice.IntN(100)) * time.Millisecond)
	if l.dice.IntN(4) == 0 {
		return // it is revoked while it is disabled
	}
	first.right.Restoring(time.Now())
	returned, ok := l.run.act(ctx, l.dice, "an enable", func(ctx context.Context, c *client.Client) error {
		_, err := c.Enable(ctx, l.id)
		return err
	})
	l.run.watch.drop(first)
	l.subjects = nil
	if ok {
		l.give("enabled again", returned, first.ask)
	}
	l.run.await([]*life{l})
}

// narrow takes one scope of two away.
func (l *life) narrow(ctx context.Context) {
	ask := l.subjects[0].ask
	ask.Scopes = []string{"b:read"}
	s := l.give("its scope b:read", time.Now(), ask)
	l.run.await([]*life{l})
	left := []string{"a:read"}
	l.take(ctx, "a narrowing", []*subject{s}, func(ctx context.Context, c *client.Client) error {
		_, err := c.Update(ctx, l.id, api.KeyPatch{Scopes: &left})
		return err
	})
}

// revokeOwner revokes all keys of an owner at once.
func (r *run) revokeOwner(ctx context.Context, lives []*life) {
	var rights []*subject
	for _, l := range lives {
		rights = append(rights, l.subjects...)
	}
	l := lives[0]
	if l.take(ctx, "a revoke of many", rights, func(ctx context.Context, c *client.Client) error {
		end, err := c.Bulk(ctx, api.BulkRequest{Filter: api.Filter{Owner: l.owner}, Verb: api.BulkRevoke, Reason: "the proof"}, func(b api.BulkResult) error {
			if b.Problem != nil {
				return b.Problem
			}
			return nil
		})
		if err == nil && end.Failed > 0 {
			err = fmt.Errorf("%d of %d were not revoked", end.Failed, end.Count)
		}
		return err
	}) {
		r.revoked.Add(int64(len(lives)))
	}
}
