// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// A clock that jumps makes nothing VALID that was taken away, gives nothing twice, and breaks no chain.
func TestClockJumps(t *testing.T) {
	store := memory(t)
	a, clock := over(t, store)
	revoked := issue(t, a, authority.IssueRequest{})
	rotated := issue(t, a, authority.IssueRequest{})
	limited := issue(t, a, authority.IssueRequest{Limits: []authority.Limit{limit("hour", 3, time.Hour)}})
	counted := issue(t, a, authority.IssueRequest{Credits: credits(2, &authority.Refill{Amount: 1, Every: time.Hour, Mode: authority.RefillAdd})})
	if _, err := a.Revoke(ctx, admin, revoked.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	rotate(t, a, rotated.Record.ID, authority.RotateRequest{Grace: grace(time.Hour)})
	valid := 0
	spend := func() {
		for range 5 {
			if codeOf(t, a, limited.Key) == keywright.Valid {
				valid++
			}
		}
	}
	spend()
	clock.advance(-time.Hour)
	spend()
	wantCode(t, a, revoked.Key, keywright.Revoked)
	clock.advance(time.Hour)
	spend()
	if valid != 3 {
		t.Fatalf("%d VALID of a limit of 3 when the clock was set back and forth", valid)
	}
	clock.advance(time.Hour + time.Second)
	wantCode(t, a, rotated.Key, keywright.Expired)
	a.Tend(ctx) // writes that the grace has ended, and refills
	clock.advance(-30 * time.Minute)
	wantCode(t, a, rotated.Key, keywright.Expired)
	a.Tend(ctx)
	if got := balance(t, a, counted.Record.ID); got != 3 {
		t.Fatalf("%d after one refill", got)
	}
	clock.advance(30 * time.Minute)
	a.Tend(ctx)
	if got := balance(t, a, counted.Record.ID); got != 3 {
		t.Fatalf("%d: the same refill was made twice", got)
	}
	// A clock that was years ahead when a limit was used does not lock the key out for years.
	clock.advance(5 * 365 * 24 * time.Hour)
	wantCode(t, a, limited.Key, keywright.Valid)
	clock.advance(-5 * 365 * 24 * time.Hour)
	codeOf(t, a, limited.Key)
	clock.advance(3 * time.Hour)
	wantCode(t, a, limited.Key, keywright.Valid)
	clock.advance(-2 * 365 * 24 * time.Hour)
	a.Close()
	b, _ := over(t, store)
	wantCode(t, b, revoked.Key, keywright.Revoked)
	issue(t, b, authority.IssueRequest{})
	if report, err := b.VerifyChain(ctx, admin); err != nil || report.Broken != nil {
		t.Fatal(report.Broken, err)
	}
}
