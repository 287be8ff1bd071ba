// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

func checkpoint(t testing.TB, a *authority.Authority) authority.Checkpoint {
	t.Helper()
	p, err := a.Checkpoint(ctx, admin, authority.CheckpointRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func verifyChain(t testing.TB, a *authority.Authority, kept ...authority.Checkpoint) authority.ChainReport {
	t.Helper()
	r, err := a.VerifyChain(ctx, admin, kept...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSignedBytes holds what a checkpoint signs: who checks one with other means needs it to stay.
func TestSignedBytes(t *testing.T) {
	p := authority.Checkpoint{Sequence: 258, Time: time.UnixMilli(1_700_000_000_123), Signer: make([]byte, 32)}
	for i := range p.Hash {
		p.Hash[i], p.Signer[i] = 0xaa, 0xbb
	}
	want := hex.EncodeToString([]byte("keywright checkpoint 1")) + "0000000000000102" + "0000018bcfe5687b" +
		strings.Repeat("aa", 32) + strings.Repeat("bb", 32)
	if got := hex.EncodeToString(p.Signed()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCheckpointSignsTheEndOfTheChain(t *testing.T) {
	a, _ := open(t)
	before := events(t, a)
	last := before[len(before)-1]
	p := checkpoint(t, a)
	if p.Sequence != last.Sequence || p.Hash != last.Hash || !p.Holds() || !ed25519.Verify(p.Signer, p.Signed(), p.Signature) {
		t.Errorf("%+v does not sign event %d", p, last.Sequence)
	}
	after := events(t, a)
	if e := after[len(after)-1]; len(after) != len(before)+1 || e.Verb != "audit.checkpoint" || e.Changes[0] != fmt.Sprint("sequence ", last.Sequence) {
		t.Errorf("it left %+v", e)
	}
	second := checkpoint(t, a)
	list, err := a.Checkpoints(ctx, admin)
	if err != nil || len(list) != 2 || list[1].Sequence != second.Sequence || string(list[0].Signer) != string(second.Signer) {
		t.Errorf("%+v, %v", list, err)
	}
	if r := verifyChain(t, a); r.Broken != nil || r.Checkpoints != 2 || r.Unproven != 0 {
		t.Errorf("%+v", r)
	}
}

// forged returns a checkpoint that somebody else signed.
func forged(t testing.TB, p authority.Checkpoint) authority.Checkpoint {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.Signer = public
	p.Signature = ed25519.Sign(private, p.Signed())
	return p
}

func TestKeptCheckpointsShowWhatWasDone(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(authority.Checkpoint) authority.Checkpoint
		at   uint64 // of the break, relative to the checkpoint
		says string
	}{
		"whole":              {func(p authority.Checkpoint) authority.Checkpoint { return p }, 0, ""},
		"a cut tail":         {func(p authority.Checkpoint) authority.Checkpoint { p.Sequence += 10; return forged(t, p) }, 2, "is missing"},
		"a replaced chain":   {func(p authority.Checkpoint) authority.Checkpoint { p.Hash[0]++; return forged(t, p) }, 0, "replaced"},
		"a wrong signature":  {func(p authority.Checkpoint) authority.Checkpoint { p.Signature[0]++; return p }, 0, "wrong signature"},
		"another signer":     {func(p authority.Checkpoint) authority.Checkpoint { p.Signer[0]++; return p }, 0, "wrong signature"},
		"another time":       {func(p authority.Checkpoint) authority.Checkpoint { p.Time = p.Time.Add(1e6); return p }, 0, "wrong signature"},
		"no signature":       {func(p authority.Checkpoint) authority.Checkpoint { p.Signature = nil; return p }, 0, "wrong signature"},
		"no signer":          {func(p authority.Checkpoint) authority.Checkpoint { p.Signer = nil; return p }, 0, "wrong signature"},
		"unsigned and ahead": {func(p authority.Checkpoint) authority.Checkpoint { p.Sequence += 10; return p }, 10, "wrong signature"},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := open(t)
			p := checkpoint(t, a)
			kept := p
			kept.Signer, kept.Signature = []byte(string(p.Signer)), []byte(string(p.Signature))
			r := verifyChain(t, a, c.harm(kept))
			switch {
			case c.says == "" && r.Broken != nil:
				t.Errorf("broken: %v", r.Broken)
			case c.says != "" && (r.Broken == nil || r.Broken.Sequence != p.Sequence+c.at || !strings.Contains(r.Broken.Problem, c.says)):
				t.Errorf("got %v, want a break at %d that %s", r.Broken, p.Sequence+c.at, c.says)
			}
		})
	}
}

// shortened is a store that has lost its last events, as one that was restored from an old copy.
type shortened struct {
	authority.Store
	last uint64
}

func (s shortened) Events(ctx context.Context, q authority.EventQuery) ([]authority.Event, error) {
	if q.Before == 0 || q.Before > s.last+1 {
		q.Before = s.last + 1
	}
	return s.Store.Events(ctx, q)
}

func TestTheStoresOwnCheckpointsShowACutTail(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	issue(t, a, authority.IssueRequest{})
	p := checkpoint(t, a)
	cut, _ := over(t, shortened{store, p.Sequence - 1})
	r := verifyChain(t, cut)
	if r.Broken == nil || r.Broken.Sequence != p.Sequence || !strings.Contains(r.Broken.Problem, "is missing") {
		t.Errorf("%+v", r)
	}
}

func TestASignerThatNobodyProvesIsTold(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	p := checkpoint(t, a)
	other, _ := over(t, store, func(o *authority.Options) { o.Sealer = sealer(t, 2) })
	if r := verifyChain(t, other); r.Broken != nil || r.Checkpoints != 1 || r.Unproven != 1 {
		t.Errorf("%+v", r)
	}
	if r := verifyChain(t, other, p); r.Broken != nil || r.Checkpoints != 1 || r.Unproven != 0 {
		t.Errorf("with one that was kept: %+v", r)
	}
}
