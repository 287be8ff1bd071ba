// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"crypto/rand"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// A history plays the same acts to the authority and to the model.
type history struct {
	t     *rapid.T
	store authority.Store
	a     *authority.Authority
	clock *clock
	m     model
	n     map[keywright.Code]int
}

func (h *history) open() {
	a, err := authority.Open(ctx, authority.Options{Store: h.store, Clock: h.clock.now, Random: rand.Reader})
	if err != nil {
		h.t.Fatal(err)
	}
	h.a = a
}

func (h *history) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *history) pick() *modelKey {
	if len(h.m.keys) == 0 {
		h.t.Skip("no key yet")
	}
	return rapid.SampledFrom(h.m.keys).Draw(h.t, "key")
}

var someScopes = rapid.SampledFrom([][]string{{"a:*", "b:read"}, {"a:read"}, {"*"}, {"b:read"}, nil})

func (h *history) issue(*rapid.T) {
	k := &modelKey{scopes: someScopes.Draw(h.t, "scopes")}
	q := authority.IssueRequest{Scopes: k.scopes}
	if rapid.Bool().Draw(h.t, "has an end") {
		q.ExpiresIn = time.Duration(rapid.IntRange(1, 100).Draw(h.t, "hours")) * time.Hour
		k.expires = h.m.now.Add(q.ExpiresIn)
	}
	if rapid.Bool().Draw(h.t, "limited") {
		k.limit = rapid.Int64Range(1, 6).Draw(h.t, "limit")
		q.Limits = []authority.Limit{limit("hour", k.limit, time.Hour)}
	}
	if rapid.Bool().Draw(h.t, "has credits") {
		k.counted, k.credits, k.refilled = true, rapid.Int64Range(0, 5).Draw(h.t, "credits"), h.m.now
		q.Credits = credits(k.credits, nil)
		if rapid.Bool().Draw(h.t, "is refilled") {
			mode := rapid.SampledFrom([]authority.RefillMode{authority.RefillAdd, authority.RefillReset}).Draw(h.t, "mode")
			k.refill = &authority.Refill{Amount: rapid.Int64Range(1, 4).Draw(h.t, "amount"), Every: 5 * time.Hour, Mode: mode}
			q.Credits.Refill = k.refill
		}
	}
	issued, err := h.a.Issue(ctx, admin, q)
	h.must(err)
	h.keep(k, issued)
}

func (h *history) keep(k *modelKey, issued authority.Issued) {
	k.id = issued.Record.ID
	k.secrets = []*modelSecret{{key: issued.Key}}
	h.m.keys = append(h.m.keys, k)
}

func (h *history) child(*rapid.T) {
	parent := h.pick()
	k := &modelKey{parent: parent, scopes: []string{"a:read"}, expires: parent.expires}
	issued, err := h.a.IssueChild(ctx, admin, parent.id, authority.IssueRequest{Scopes: k.scopes})
	possible := !parent.revoked && !parent.disabled && (parent.expires.IsZero() || h.m.now.Before(parent.expires)) && len(parent.line()) <= 4
	for _, above := range parent.line() {
		possible = possible && keywright.Includes(above.scopes, "a:read") &&
			(above.expires.IsZero() || !k.expires.IsZero() && !k.expires.After(above.expires))
	}
	if possible != (err == nil) {
		h.t.Fatalf("a child is possible: %t; %v", possible, err)
	}
	if err == nil {
		h.keep(k, issued)
	}
}

func (h *history) rotate(*rapid.T) {
	k := h.pick()
	g := rapid.SampledFrom([]authority.Grace{{}, {AtMost: 3 * time.Hour}, {AtMost: 50 * time.Hour, Idle: 4 * time.Hour}}).Draw(h.t, "grace")
	issued, err := h.a.Rotate(ctx, admin, k.id, authority.RotateRequest{Grace: &g, Force: true})
	running := 0
	for _, s := range k.secrets {
		if !s.ended(h.m.now) {
			running++
		}
	}
	possible := !k.revoked && (k.expires.IsZero() || h.m.now.Before(k.expires)) && running < 10
	if possible != (err == nil) {
		h.t.Fatalf("a rotation is possible: %t; %v", possible, err)
	}
	if err != nil {
		return
	}
	old := k.secrets[len(k.secrets)-1]
	old.expires, old.idle, old.used = h.m.now.Add(g.AtMost), g.Idle, h.m.now
	for _, s := range k.secrets {
		if g.AtMost == 0 && s.expires.After(h.m.now) { // now means all of them
			s.expires = h.m.now
		}
	}
	k.secrets = append(k.secrets, &modelSecret{key: issued.Key})
}

func (h *history) endGrace(*rapid.T) {
	k := h.pick()
	if _, err := h.a.EndGrace(ctx, admin, k.id, true); err != nil {
		return // none runs
	}
	for _, s := range k.secrets[:len(k.secrets)-1] {
		if s.expires.After(h.m.now) {
			s.expires = h.m.now
		}
	}
}

func (h *history) disable(*rapid.T) {
	k := h.pick()
	k.disabled = k.disabled || !k.revoked
	_, err := h.a.Disable(ctx, admin, k.id)
	if (err != nil) != k.revoked {
		h.t.Fatal(err)
	}
}

func (h *history) enable(*rapid.T) {
	if k := h.pick(); !k.revoked {
		_, err := h.a.Enable(ctx, admin, k.id)
		h.must(err)
		k.disabled = false
	}
}

func (h *history) revoke(*rapid.T) {
	if rapid.IntRange(0, 3).Draw(h.t, "seldom") > 0 {
		return
	}
	k := h.pick()
	_, err := h.a.Revoke(ctx, admin, k.id, "")
	h.must(err)
	k.revoked = true
}

func (h *history) narrow(*rapid.T) {
	k := h.pick()
	scopes := someScopes.Draw(h.t, "scopes")
	if _, err := h.a.Update(ctx, admin, k.id, authority.Update{Scopes: &scopes}); err == nil {
		k.scopes = scopes
	} else if !k.revoked && k.parent == nil {
		h.t.Fatal(err)
	}
}

func (h *history) addCredits(*rapid.T) {
	k := h.pick()
	if k.counted {
		h.m.refill()
		_, err := h.a.ChangeCredits(ctx, admin, k.id, authority.CreditsChange{Add: ptr(int64(3))})
		h.must(err)
		k.credits += 3
	}
}

func (h *history) wait(*rapid.T) {
	d := rapid.SampledFrom([]time.Duration{time.Second, 7 * time.Minute, time.Hour, 5 * time.Hour}).Draw(h.t, "time")
	h.must(h.a.Flush(ctx)) // as every second
	h.clock.advance(d)
	h.m.now = h.m.now.Add(d)
}

func (h *history) restart(*rapid.T) {
	h.a.Close()
	h.open()
}

func (h *history) tend(*rapid.T) { h.a.Tend(ctx) }

func (h *history) ask(*rapid.T) {
	k := h.pick()
	s := rapid.SampledFrom(k.secrets).Draw(h.t, "secret")
	scope := rapid.SampledFrom([]string{"", "a:read", "a:write", "b:read"}).Draw(h.t, "scope")
	cost := rapid.Int64Range(1, 2).Draw(h.t, "cost")
	ask := keywright.Ask{Key: s.key, Keyspace: "default", Cost: cost}
	if scope != "" {
		ask.Scopes = []string{scope}
	}
	got, err := h.a.Verify(ctx, ask)
	h.must(err)
	// A secret that has ended long ago may be forgotten: it is then unknown.
	forgotten := got.Code == keywright.NotFound && len(k.secrets) > 10 && s.ended(h.m.now)
	if want := h.m.verify(k, s, scope, cost); got.Code != want && !forgotten {
		h.t.Fatalf("%s, want %s", got.Code, want)
	}
	h.n[got.Code]++
}

// check compares the balances.
func (h *history) check(*rapid.T) {
	h.m.refill()
	for _, k := range h.m.keys {
		if !k.counted {
			continue
		}
		b, err := h.a.Credits(ctx, admin, k.id)
		if h.must(err); b.Remaining != k.credits {
			h.t.Fatalf("%d credits, want %d", b.Remaining, k.credits)
		}
	}
}

// Random histories: the authority says what the model says, after every act, over restarts, and its chain is whole.
func TestHistories(t *testing.T) {
	all := map[keywright.Code]int{}
	rapid.Check(t, func(t *rapid.T) {
		store, err := sqlite.OpenMemory(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		h := &history{t: t, store: store, clock: &clock{}, m: model{now: start}, n: all}
		h.clock.at.Store(start.UnixNano())
		h.open()
		defer func() { h.a.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"issue": h.issue, "child": h.child, "rotate": h.rotate, "end grace": h.endGrace, "disable": h.disable,
			"enable": h.enable, "revoke": h.revoke, "narrow": h.narrow, "add credits": h.addCredits, "wait": h.wait,
			"restart": h.restart, "tend": h.tend, "ask": h.ask, "ask again": h.ask, "and again": h.ask, "once more": h.ask, "": h.check,
		})
		report, err := h.a.VerifyChain(ctx, admin)
		if err != nil || report.Broken != nil {
			t.Fatal(report.Broken, err)
		}
	})
	for _, code := range []keywright.Code{keywright.Valid, keywright.Revoked, keywright.Disabled, keywright.Expired, keywright.InsufficientScope, keywright.RateLimited, keywright.CreditsExhausted} {
		if all[code] == 0 {
			t.Errorf("no history came to %s", code)
		}
	}
	t.Log(all)
}
