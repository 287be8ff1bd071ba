// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// Pruned is what Prune did.
type Pruned struct {
	Events   uint64 // that are gone
	Sequence uint64 // of the last of them
}

// PruneRequest says up to where events are deleted.
type PruneRequest struct {
	Sequence uint64 // of a checkpoint
	Force    bool   // also what an endpoint has not got yet
}

// Prune deletes the events up to a checkpoint, for good. The chain that is left begins behind it. What is pruned must be
// whole: what does not verify is kept as evidence. What an endpoint that is enabled still has to get is kept, unless that is
// forced.
func (a *Authority) Prune(ctx context.Context, c Caller, q PruneRequest) (Pruned, error) {
	if err := c.mayAudit(ScopeAuditWrite); err != nil {
		return Pruned{}, err
	}
	sequence := q.Sequence
	if held, endpoint := a.held(); sequence > held && !q.Force {
		return Pruned{}, &Error{
			Kind: Conflicting, Field: "sequence", Problem: fmt.Sprintf("is beyond event %d, the last that endpoint %s has got", held, endpoint),
			Hint: "wait until it has all of them, disable it, or force the prune: it then misses what is deleted",
		}
	}
	page, err := a.store.List(ctx, Query{Of: Checkpoints})
	if err != nil {
		return Pruned{}, fromStore(err)
	}
	mark, base := checkpointAt(page.Checkpoints, sequence), lastPruned(page.Checkpoints)
	from, _ := headHash(base)
	switch {
	case mark == nil:
		return Pruned{}, errNoCheckpoint(page.Checkpoints)
	case from >= sequence:
		return Pruned{}, &Error{Kind: Conflicting, Field: "sequence", Problem: "was pruned before", Hint: fmt.Sprintf("the chain begins behind event %d", from)}
	}
	w, err := a.newChainWalk(ctx, nil)
	if err != nil {
		return Pruned{}, fromStore(err)
	}
	report, err := w.run(ctx, a.store, sequence)
	switch {
	case err != nil:
		return Pruned{}, fromStore(err)
	case report.Broken != nil:
		return Pruned{}, &Error{Kind: Conflicting, Problem: "the audit chain is broken, and nothing was pruned", Hint: "keep a copy of the store, and look at what verify says", Cause: report.Broken}
	case report.Events != sequence:
		return Pruned{}, &Error{Kind: Conflicting, Problem: "the chain ends before the checkpoint", Hint: "keep a copy of the store, and look at what verify says"}
	}
	done := Pruned{Events: sequence - from, Sequence: sequence}
	event, err := a.event(c, "audit.prune", auditTarget, "", []string{
		"through " + strconv.FormatUint(sequence, 10), "events " + strconv.FormatUint(done.Events, 10),
	})
	if err != nil {
		return Pruned{}, err
	}
	err = a.store.Apply(context.WithoutCancel(ctx), Change{Puts: []Put{&Prune{Sequence: sequence}}, Events: []Event{event}})
	var conflict *ConflictError
	if errors.As(err, &conflict) && conflict.What == "checkpoint" {
		return Pruned{}, errNoCheckpoint(page.Checkpoints)
	}
	if err != nil {
		return Pruned{}, fromStore(err)
	}
	return done, nil
}

func errNoCheckpoint(list []Checkpoint) error {
	hint := "make one first: keywright audit checkpoint"
	if len(list) > 0 {
		hint = fmt.Sprintf("the last one covers the events up to %d; a new one: keywright audit checkpoint", list[len(list)-1].Sequence)
	}
	return &Error{Kind: Conflicting, Field: "sequence", Problem: "is not that of a checkpoint, and events are only pruned up to one", Hint: hint}
}
