// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func rotate(t testing.TB, a *authority.Authority, id keywright.KeyID, q authority.RotateRequest) authority.Issued {
	t.Helper()
	issued, err := a.Rotate(ctx, admin, id, q)
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

func grace(atMost time.Duration) *authority.Grace { return &authority.Grace{AtMost: atMost} }

// codeOf asks for a key in the default keyspace.
func codeOf(t testing.TB, a *authority.Authority, key keywright.Secret) keywright.Code {
	t.Helper()
	return verify(t, a, keywright.Ask{Key: key, Keyspace: "default"}).Code
}

func wantCode(t testing.TB, a *authority.Authority, key keywright.Secret, want keywright.Code) {
	t.Helper()
	if got := codeOf(t, a, key); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
}

func verbs(t testing.TB, a *authority.Authority, target string) (list []string) {
	t.Helper()
	for _, e := range events(t, a) {
		if e.Target == target {
			list = append(list, e.Verb)
		}
	}
	return list
}

func TestRotateWithAGrace(t *testing.T) {
	a, clock := open(t)
	one := int64(100)
	first := issue(t, a, authority.IssueRequest{
		Name: "ci", Scopes: []string{"invoices:read"}, Credits: &authority.CreditsRequest{Remaining: one},
		Limits: []authority.Limit{{Name: "requests", Limit: 10, Window: time.Hour, Auto: true}},
	})
	id := first.Record.ID
	second := rotate(t, a, id, authority.RotateRequest{Grace: grace(time.Hour)})
	if second.Record.ID != id || second.Key.Reveal() == first.Key.Reveal() || len(second.Record.Secrets) != 2 {
		t.Fatalf("not the same record with a new secret: %+v", second.Record)
	}
	for range 2 {
		v := verify(t, a, keywright.Ask{Key: second.Key, Keyspace: "default"})
		if !v.Valid() || v.Previous || !v.ExpiresAt.IsZero() {
			t.Fatalf("the new secret: %+v", v)
		}
		v = verify(t, a, keywright.Ask{Key: first.Key, Keyspace: "default"})
		if !v.Valid() || !v.Previous || !v.ExpiresAt.Equal(start.Add(time.Hour)) || v.KeyID != id {
			t.Fatalf("the old secret: %+v", v)
		}
	}
	// Credits and limits belong to the record: nothing was doubled.
	v := verify(t, a, keywright.Ask{Key: second.Key, Keyspace: "default"})
	if v.Credits == nil || *v.Credits != one-5 || v.Limit.Remaining != 5 {
		t.Fatalf("after five verifications by two secrets %v credits and %d of the limit are left", *v.Credits, v.Limit.Remaining)
	}
	clock.advance(time.Hour)
	wantCode(t, a, first.Key, keywright.Expired)
	wantCode(t, a, second.Key, keywright.Valid)
	a.Tend(ctx)
	want := []string{"key.grace_ended", "key.issue", "key.rotate", "key.used_after_expiry"}
	if got := verbs(t, a, id.String()); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Fatalf("events %v", got)
	}
	a.Tend(ctx)
	if got := verbs(t, a, id.String()); len(got) != 4 {
		t.Fatalf("a grace ended twice: %v", got)
	}
}

func TestRotateNowEndsTheOldSecretAtOnce(t *testing.T) {
	a, _ := open(t)
	first := issue(t, a, authority.IssueRequest{})
	var returned atomic.Bool
	var valid atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				after := returned.Load()
				v, err := a.Verify(ctx, keywright.Ask{Key: first.Key, Keyspace: "default"})
				switch {
				case err != nil:
					t.Error(err)
					return
				case v.Valid() && after:
					t.Error("VALID after a rotation without a grace returned")
					return
				case v.Valid():
					valid.Add(1)
				}
				if after {
					return
				}
			}
		})
	}
	for valid.Load() < 1000 {
		time.Sleep(time.Millisecond)
	}
	second := rotate(t, a, first.Record.ID, authority.RotateRequest{Grace: grace(0)})
	returned.Store(true)
	wg.Wait()
	wantCode(t, a, first.Key, keywright.Expired)
	wantCode(t, a, second.Key, keywright.Valid)
}

func TestSecondRotation(t *testing.T) {
	a, clock := open(t)
	first := issue(t, a, authority.IssueRequest{})
	id := first.Record.ID
	second := rotate(t, a, id, authority.RotateRequest{Grace: grace(2 * time.Hour)})
	_, err := a.Rotate(ctx, admin, id, authority.RotateRequest{Grace: grace(time.Hour)})
	wantError(t, err, authority.Conflicting, "")
	third := rotate(t, a, id, authority.RotateRequest{Grace: grace(time.Hour), Force: true})
	for _, key := range []keywright.Secret{first.Key, second.Key, third.Key} {
		wantCode(t, a, key, keywright.Valid)
	}
	clock.advance(time.Hour)
	wantCode(t, a, second.Key, keywright.Expired)
	wantCode(t, a, first.Key, keywright.Valid)
	clock.advance(time.Hour)
	wantCode(t, a, first.Key, keywright.Expired)
	// After a grace that is over no force is needed, even before its end was written.
	rotate(t, a, id, authority.RotateRequest{Grace: grace(time.Hour)})
}

// A forced rotation without a grace leaves no old secret that verifies, of earlier rotations neither.
func TestForcedRotationNow(t *testing.T) {
	a, _ := open(t)
	first := issue(t, a, authority.IssueRequest{})
	second := rotate(t, a, first.Record.ID, authority.RotateRequest{Grace: grace(time.Hour)})
	third := rotate(t, a, first.Record.ID, authority.RotateRequest{Grace: grace(0), Force: true})
	wantCode(t, a, first.Key, keywright.Expired)
	wantCode(t, a, second.Key, keywright.Expired)
	wantCode(t, a, third.Key, keywright.Valid)
	_, err := a.EndGrace(ctx, admin, first.Record.ID, true)
	wantError(t, err, authority.Conflicting, "") // no grace runs any more
}

func TestEndGrace(t *testing.T) {
	a, clock := open(t)
	first := issue(t, a, authority.IssueRequest{})
	id := first.Record.ID
	_, err := a.EndGrace(ctx, admin, id, false)
	wantError(t, err, authority.Conflicting, "")
	second := rotate(t, a, id, authority.RotateRequest{Grace: grace(24 * time.Hour)})
	verify(t, a, keywright.Ask{Key: first.Key, Keyspace: "default", ClientIP: netip.MustParseAddr("192.0.2.7")})
	_, err = a.EndGrace(ctx, admin, id, false) // it was used just now
	wantError(t, err, authority.Conflicting, "")
	r, err := a.Get(ctx, admin, id)
	if err != nil {
		t.Fatal(err)
	}
	uses, err := a.LastUses(ctx, admin, &r)
	if err != nil || len(uses) != 2 || !uses[0].Time.IsZero() || !uses[1].Time.Equal(start) || uses[1].From.String() != "192.0.2.7" {
		t.Fatalf("last uses %+v (%v)", uses, err)
	}
	clock.advance(61 * time.Minute)
	if _, err := a.EndGrace(ctx, admin, id, false); err != nil {
		t.Fatal(err)
	}
	wantCode(t, a, first.Key, keywright.Expired)
	wantCode(t, a, second.Key, keywright.Valid)

	third := rotate(t, a, id, authority.RotateRequest{Grace: grace(24 * time.Hour)})
	wantCode(t, a, second.Key, keywright.Valid)
	if _, err := a.EndGrace(ctx, admin, id, true); err != nil {
		t.Fatal(err)
	}
	wantCode(t, a, second.Key, keywright.Expired)
	wantCode(t, a, third.Key, keywright.Valid)
}

// A grace that ends when idle goes on as long as the old secret is used, but not beyond its last day.
func TestIdleGrace(t *testing.T) {
	a, clock := open(t)
	first := issue(t, a, authority.IssueRequest{})
	rotate(t, a, first.Record.ID, authority.RotateRequest{Grace: &authority.Grace{Idle: 24 * time.Hour, AtMost: 72 * time.Hour}})
	for range 3 {
		clock.advance(20 * time.Hour)
		wantCode(t, a, first.Key, keywright.Valid)
		a.Tend(ctx)
	}
	clock.advance(11 * time.Hour)
	wantCode(t, a, first.Key, keywright.Valid)
	a.Tend(ctx)
	clock.advance(time.Hour) // 72 in all
	wantCode(t, a, first.Key, keywright.Expired)

	other := issue(t, a, authority.IssueRequest{})
	rotate(t, a, other.Record.ID, authority.RotateRequest{Grace: &authority.Grace{Idle: 24 * time.Hour}})
	clock.advance(10 * time.Hour)
	wantCode(t, a, other.Key, keywright.Valid)
	a.Tend(ctx)
	clock.advance(24*time.Hour + 2*time.Second)
	wantCode(t, a, other.Key, keywright.Expired)
	a.Tend(ctx)
	if got := verbs(t, a, other.Record.ID.String()); !slices.Contains(got, "key.grace_ended") {
		t.Fatalf("events %v", got)
	}
	r, err := a.Get(ctx, admin, other.Record.ID)
	if err != nil || r.Secrets[1].Grace || r.Secrets[1].Expires.After(clock.now()) {
		t.Fatalf("the end was not written: %+v (%v)", r.Secrets[1], err)
	}
}

// Idleness is known after a restart too, and the end of a grace that was over meanwhile is written.
func TestIdleGraceAfterARestart(t *testing.T) {
	store := memory(t)
	a, clock := over(t, store)
	used, unused := issue(t, a, authority.IssueRequest{}), issue(t, a, authority.IssueRequest{})
	for _, k := range []authority.Issued{used, unused} {
		rotate(t, a, k.Record.ID, authority.RotateRequest{Grace: &authority.Grace{Idle: 24 * time.Hour}})
	}
	clock.advance(20 * time.Hour)
	wantCode(t, a, used.Key, keywright.Valid)
	a.Close() // writes what was counted

	b, later := over(t, store)
	later.advance(30 * time.Hour)
	wantCode(t, b, used.Key, keywright.Valid)
	wantCode(t, b, unused.Key, keywright.Expired)
	eventually(t, func() bool {
		b.Tend(ctx)
		return slices.Contains(verbs(t, b, unused.Record.ID.String()), "key.grace_ended")
	})
	if slices.Contains(verbs(t, b, used.Record.ID.String()), "key.grace_ended") {
		t.Fatal("the grace of a secret that is used was ended")
	}
}

func TestRotationsThatCannotBe(t *testing.T) {
	a, clock := open(t)
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "strict", Policy: &authority.Policy{MaxGrace: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	strict := issue(t, a, authority.IssueRequest{Keyspace: "strict"})
	for name, g := range map[string]authority.Grace{
		"grace":      {AtMost: 2 * time.Hour},
		"grace ":     {AtMost: -time.Hour},
		"grace  ":    {AtMost: time.Millisecond},
		"grace.idle": {Idle: time.Second},
	} {
		_, err := a.Rotate(ctx, admin, strict.Record.ID, authority.RotateRequest{Grace: &g})
		wantError(t, err, authority.Invalid, map[bool]string{true: "grace.idle", false: "grace"}[name == "grace.idle"])
	}
	if got := rotate(t, a, strict.Record.ID, authority.RotateRequest{}); !got.Record.Secrets[1].Expires.Equal(start.Add(time.Hour)) {
		t.Fatalf("a grace that nobody named is longer than the policy allows: %+v", got.Record.Secrets[1])
	}
	short := issue(t, a, authority.IssueRequest{ExpiresIn: time.Minute})
	clock.advance(time.Minute)
	_, err := a.Rotate(ctx, admin, short.Record.ID, authority.RotateRequest{})
	wantError(t, err, authority.Conflicting, "")
	gone := issue(t, a, authority.IssueRequest{})
	if _, err := a.Revoke(ctx, admin, gone.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	_, err = a.Rotate(ctx, admin, gone.Record.ID, authority.RotateRequest{})
	wantError(t, err, authority.Conflicting, "")
	_, err = a.Rotate(ctx, as(t, a, authority.Rules{}, authority.ScopeIssue), strict.Record.ID, authority.RotateRequest{})
	wantError(t, err, authority.Denied, "")
}

func TestRotateIsIdempotent(t *testing.T) {
	a, _ := open(t)
	k := issue(t, a, authority.IssueRequest{})
	q := authority.RotateRequest{Grace: grace(time.Hour), IdempotencyKey: "once"}
	first := rotate(t, a, k.Record.ID, q)
	again := rotate(t, a, k.Record.ID, q)
	if again.Key.Reveal() != "" || !again.Repeated || len(again.Record.Secrets) != 2 || first.Repeated {
		t.Fatalf("a repeat made a secret, or showed one: %+v", again)
	}
	q.Grace = grace(2 * time.Hour)
	_, err := a.Rotate(ctx, admin, k.Record.ID, q)
	wantError(t, err, authority.Conflicting, "Idempotency-Key")
}

// A secret that was made elsewhere can be the next one, and a record keeps no more than ten.
func TestManyRotations(t *testing.T) {
	a, clock := open(t)
	k := issue(t, a, authority.IssueRequest{})
	f := defaultFormat(t)
	g, err := keywright.NewGenerator(f, random{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := g.Next("live")
	if err != nil {
		t.Fatal(err)
	}
	r := rotate(t, a, k.Record.ID, authority.RotateRequest{Grace: grace(time.Hour), Hash: made.Hash(), PublicID: made.PublicID()})
	if r.Key.Reveal() != "" {
		t.Fatal("a secret was shown that was made elsewhere")
	}
	wantCode(t, a, made.Full(), keywright.Valid)
	for range 8 {
		rotate(t, a, k.Record.ID, authority.RotateRequest{Grace: grace(time.Hour), Force: true})
	}
	_, err = a.Rotate(ctx, admin, k.Record.ID, authority.RotateRequest{Grace: grace(time.Hour), Force: true})
	wantError(t, err, authority.Conflicting, "")
	clock.advance(time.Hour)
	a.Tend(ctx)
	for range 20 {
		last := rotate(t, a, k.Record.ID, authority.RotateRequest{Grace: grace(0)})
		if len(last.Record.Secrets) > 10 {
			t.Fatalf("%d secrets", len(last.Record.Secrets))
		}
		wantCode(t, a, last.Key, keywright.Valid)
	}
	if c := codeOf(t, a, k.Key); c == keywright.Valid {
		t.Fatal("the first secret is VALID")
	}
}
