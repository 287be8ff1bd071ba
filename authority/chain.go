// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/keywright/keywright"
)

const chainPage = 10_000

// ChainReport is what VerifyChain found.
type ChainReport struct {
	From        uint64 // the events up to this one were pruned at a checkpoint
	Events      uint64 // the sequence of the last event that holds
	Head        keywright.Hash
	Checkpoints int         // that hold
	Unproven    int         // of these, by a signer that neither the root key nor a checkpoint that was given proves
	Broken      *ChainError // the first break, or nil
}

// VerifyChain walks the audit chain, from its begin or from the checkpoint behind which it was pruned, and names the first
// break. The checkpoints of the store must fit it, and so must those that were kept elsewhere: they show where the tail was
// cut off, or the whole was replaced.
func (a *Authority) VerifyChain(ctx context.Context, c Caller, kept ...Checkpoint) (ChainReport, error) {
	if err := c.mayAudit(ScopeAudit); err != nil {
		return ChainReport{}, err
	}
	for tries := 0; ; tries++ {
		w, err := a.newChainWalk(ctx, kept)
		if err != nil {
			return ChainReport{}, fromStore(err)
		}
		report, err := w.run(ctx, a.store, 0)
		if err != nil {
			return ChainReport{}, fromStore(err)
		}
		if report.Broken == nil || tries == 3 {
			return report, nil
		}
		// What was pruned during the walk looks as if it were missing.
		again, err := a.newChainWalk(ctx, kept)
		if err != nil {
			return ChainReport{}, fromStore(err)
		}
		if again.base == w.base {
			return report, nil
		}
	}
}

// A chainWalk walks a chain past the checkpoints that must fit it.
type chainWalk struct {
	base    uint64
	walk    *Walk
	marks   []Checkpoint // by sequence, each only once
	own     map[string]bool
	held    int
	strange int
}

func (a *Authority) newChainWalk(ctx context.Context, kept []Checkpoint) (*chainWalk, error) {
	own, err := a.ownSigners(ctx)
	if err != nil {
		return nil, err
	}
	page, err := a.store.List(ctx, Query{Of: Checkpoints})
	if err != nil {
		return nil, err
	}
	w := &chainWalk{own: own, marks: page.Checkpoints}
	for i := range kept {
		if kept[i].Holds() {
			own[string(kept[i].Signer)] = true
		}
		if !slices.ContainsFunc(w.marks, func(p Checkpoint) bool { return p.Holds() && p.same(&kept[i]) && kept[i].Holds() }) {
			w.marks = append(w.marks, kept[i])
		}
	}
	slices.SortStableFunc(w.marks, func(x, y Checkpoint) int { return cmp.Compare(x.Sequence, y.Sequence) })
	base := lastPruned(page.Checkpoints)
	w.walk = WalkFrom(headHash(base))
	if base != nil {
		w.base = base.Sequence
	}
	return w, nil
}

// lastPruned returns the checkpoint behind which the chain that is left begins, or nil.
func lastPruned(list []Checkpoint) (base *Checkpoint) {
	for i := range list {
		if p := &list[i]; p.Pruned && (base == nil || p.Sequence > base.Sequence) {
			base = p
		}
	}
	return base
}

// run walks up to a sequence, 0: to the end.
func (w *chainWalk) run(ctx context.Context, store Store, through uint64) (ChainReport, error) {
	broken, err := w.events(ctx, store, through)
	n, head := w.walk.Head()
	for _, p := range w.marks {
		if broken != nil || err != nil || p.Sequence <= n || through > 0 {
			continue
		}
		broken = &ChainError{n + 1, "is missing: a checkpoint of " + dayOf(p.Time) + " covers the events up to " + strconv.FormatUint(p.Sequence, 10)}
		if !p.Holds() {
			broken = wrongSignature(&p)
		}
	}
	return ChainReport{From: w.base, Events: n, Head: head, Checkpoints: w.held, Unproven: w.strange, Broken: broken}, err
}

func (w *chainWalk) events(ctx context.Context, store Store, through uint64) (*ChainError, error) {
	if broken := w.compare(w.walk.Head()); broken != nil {
		return broken, nil
	}
	for {
		after, _ := w.walk.Head()
		q := EventQuery{After: after, Limit: chainPage}
		if through > 0 {
			q.Before = through + 1
		}
		events, err := store.Events(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			var broken *ChainError
			if err := w.walk.Next(e); errors.As(err, &broken) {
				return broken, nil
			}
			if broken := w.compare(w.walk.Head()); broken != nil {
				return broken, nil
			}
		}
		if len(events) < chainPage {
			return nil, nil
		}
	}
}

// compare looks at the checkpoints up to an event. Of those before the walk's begin only the signature can be looked at, so
// they do not count.
func (w *chainWalk) compare(sequence uint64, hash keywright.Hash) *ChainError {
	for len(w.marks) > 0 && w.marks[0].Sequence <= sequence {
		p := &w.marks[0]
		switch {
		case !p.Holds():
			return wrongSignature(p)
		case p.Sequence == sequence && p.Hash != hash:
			return &ChainError{p.Sequence, "is not the one that the checkpoint of " + dayOf(p.Time) + " covers: the chain was replaced"}
		}
		if p.Sequence >= w.base {
			w.held++
			if !w.own[string(p.Signer)] {
				w.strange++
			}
		}
		w.marks = w.marks[1:]
	}
	return nil
}

func wrongSignature(p *Checkpoint) *ChainError {
	return &ChainError{p.Sequence, "has a checkpoint with a wrong signature"}
}
