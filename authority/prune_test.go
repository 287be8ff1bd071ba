// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/keywright/keywright/authority"
)

func TestPruneNeedsACheckpoint(t *testing.T) {
	a, _ := open(t)
	issue(t, a, authority.IssueRequest{})
	before := len(events(t, a))
	_, err := a.Prune(ctx, admin, authority.PruneRequest{Sequence: 2})
	wantError(t, err, authority.Conflicting, "sequence")
	checkpoint(t, a)
	_, err = a.Prune(ctx, admin, authority.PruneRequest{Sequence: 2})
	wantError(t, err, authority.Conflicting, "sequence")
	if n := len(events(t, a)); n != before+1 {
		t.Errorf("%d events, want %d", n, before+1)
	}
}

func TestPrunedChainVerifies(t *testing.T) {
	a, _ := open(t)
	issue(t, a, authority.IssueRequest{})
	early := checkpoint(t, a)
	for range 3 {
		issue(t, a, authority.IssueRequest{})
	}
	p := checkpoint(t, a)
	done, err := a.Prune(ctx, admin, authority.PruneRequest{Sequence: p.Sequence})
	if err != nil || done.Events != p.Sequence || done.Sequence != p.Sequence {
		t.Fatalf("%+v, %v", done, err)
	}
	list := events(t, a)
	if len(list) != 2 || list[0].Sequence != p.Sequence+1 || list[1].Verb != "audit.prune" || list[1].Changes[0] != fmt.Sprint("through ", p.Sequence) {
		t.Errorf("what is left: %+v", list)
	}
	r := verifyChain(t, a, p, early)
	if r.Broken != nil || r.From != p.Sequence || r.Events != p.Sequence+2 || r.Checkpoints != 1 {
		t.Errorf("%+v", r)
	}
	_, err = a.Prune(ctx, admin, authority.PruneRequest{Sequence: p.Sequence})
	wantError(t, err, authority.Conflicting, "sequence")

	next := checkpoint(t, a)
	if done, err := a.Prune(ctx, admin, authority.PruneRequest{Sequence: next.Sequence}); err != nil || done.Events != next.Sequence-p.Sequence {
		t.Errorf("%+v, %v", done, err)
	}
	if r := verifyChain(t, a); r.Broken != nil || r.From != next.Sequence {
		t.Errorf("%+v", r)
	}
	issue(t, a, authority.IssueRequest{})
	if r := verifyChain(t, a); r.Broken != nil {
		t.Errorf("%+v", r)
	}
}

// A chain that does not verify is evidence: it is not pruned away.
func TestABrokenChainIsNotPruned(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	issue(t, a, authority.IssueRequest{})
	p := checkpoint(t, a)
	cut, _ := over(t, shortened{store, p.Sequence - 1})
	_, err := cut.Prune(ctx, admin, authority.PruneRequest{Sequence: p.Sequence})
	wantError(t, err, authority.Conflicting, "")
	before := len(events(t, a))
	if before != int(p.Sequence)+1 {
		t.Errorf("%d events are left", before)
	}
	tampered, _ := over(t, altered{store, 2})
	_, err = tampered.Prune(ctx, admin, authority.PruneRequest{Sequence: p.Sequence})
	wantError(t, err, authority.Conflicting, "")
	if !errors.Is(err, authority.ErrChain) || len(events(t, a)) != before {
		t.Errorf("%v, %d events", err, len(events(t, a)))
	}
}
