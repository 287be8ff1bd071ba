// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func consoleKey(t testing.TB, a *authority.Authority, q authority.IssueRequest) authority.Issued {
	t.Helper()
	q.Keyspace = authority.ReservedKeyspace
	if q.Scopes == nil {
		q.Scopes = []string{authority.ScopeRead, authority.ScopeIssue}
	}
	return issue(t, a, q)
}

func signIn(t testing.TB, a *authority.Authority, key keywright.Secret) keywright.Secret {
	t.Helper()
	_, token, err := a.BeginSession(ctx, key, authority.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func resume(a *authority.Authority, token keywright.Secret) error {
	_, _, err := a.ResumeSession(ctx, token, authority.Origin{}, true)
	return err
}

func wantLive(t testing.TB, a *authority.Authority, token keywright.Secret) {
	t.Helper()
	if err := resume(a, token); err != nil {
		t.Fatalf("the session does not live: %v", err)
	}
}

func wantOver(t testing.TB, a *authority.Authority, token keywright.Secret) {
	t.Helper()
	wantError(t, resume(a, token), authority.Over, "")
}

// A session does what its service key may do, and is shown with the times of its end.
func TestSession(t *testing.T) {
	a, _ := open(t)
	k := consoleKey(t, a, authority.IssueRequest{Name: "console"})
	s, token, err := a.BeginSession(ctx, k.Key, authority.Origin{Address: netip.MustParseAddr("192.0.2.7")})
	if err != nil {
		t.Fatal(err)
	}
	if s.Key != k.Record.ID || s.Name != "console" || s.Keyspace != "default" || len(s.Scopes) != 2 || !s.Ends.Equal(start.Add(12*time.Hour)) || !s.Idle.Equal(start.Add(30*time.Minute)) {
		t.Fatalf("%+v", s)
	}
	again, c, err := a.ResumeSession(ctx, token, authority.Origin{}, true)
	if err != nil || c.Actor() != k.Record.ID.String() || c.May(authority.ScopeRead) != nil || c.May(authority.ScopeRevoke) == nil {
		t.Fatal(err, c)
	}
	if got, want := again, s; got.Name != want.Name || !got.Ends.Equal(want.Ends) || !got.Begun.Equal(want.Begun) {
		t.Fatalf("%+v, not %+v", got, want)
	}
	for _, wrong := range []string{"", "x", token.Reveal() + "x", strings.ToUpper(token.Reveal())} {
		wantOver(t, a, keywright.NewSecret(wrong))
	}
	customer := issue(t, a, authority.IssueRequest{})
	_, _, err = a.BeginSession(ctx, customer.Key, authority.Origin{})
	wantError(t, err, authority.Unidentified, "")
}

// A session ends when it was not used for a while, and after its life however much it is used.
func TestSessionEndsByTheClock(t *testing.T) {
	a, clock := open(t)
	k := consoleKey(t, a, authority.IssueRequest{})
	idle, used, waiting := signIn(t, a, k.Key), signIn(t, a, k.Key), signIn(t, a, k.Key)
	for range 35 { // 11 h 40 min
		clock.advance(20 * time.Minute)
		wantLive(t, a, used)
		if clock.now().Sub(start) < 30*time.Minute {
			if _, _, err := a.ResumeSession(ctx, waiting, authority.Origin{}, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	wantOver(t, a, idle)
	wantOver(t, a, waiting)
	clock.advance(20*time.Minute - time.Second)
	wantLive(t, a, used)
	clock.advance(time.Second)
	wantOver(t, a, used)
	last := signIn(t, a, k.Key)
	clock.advance(30*time.Minute - time.Second)
	if _, _, err := a.ResumeSession(ctx, last, authority.Origin{}, false); err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Second)
	wantOver(t, a, last)
	a.Tend(ctx)
	clock.advance(-30 * time.Minute) // what was tended away does not come back with the clock
	for _, token := range []keywright.Secret{idle, used, waiting, last} {
		wantOver(t, a, token)
	}
	ends := 0
	for _, e := range events(t, a) {
		if e.Verb == "session.end" {
			ends++
			if e.Actor != "system" || e.Target != k.Record.ID.String() || e.Keyspace != authority.ReservedKeyspace {
				t.Fatalf("%+v", e)
			}
		}
	}
	if ends != 4 {
		t.Fatalf("%d sessions ended", ends)
	}
}

// Whatever ends or narrows a service key does so to its sessions, at once.
func TestSessionFollowsItsKey(t *testing.T) {
	for name, test := range map[string]struct {
		end func(t *testing.T, a *authority.Authority, c *clock, r authority.Record)
	}{
		"revoked": {func(t *testing.T, a *authority.Authority, _ *clock, r authority.Record) {
			if _, err := a.Revoke(ctx, admin, r.ID, ""); err != nil {
				t.Fatal(err)
			}
		}},
		"disabled": {func(t *testing.T, a *authority.Authority, _ *clock, r authority.Record) {
			if _, err := a.Disable(ctx, admin, r.ID); err != nil {
				t.Fatal(err)
			}
		}},
		"expired": {func(_ *testing.T, _ *authority.Authority, c *clock, _ authority.Record) { c.advance(10 * time.Minute) }},
		"other networks": {func(t *testing.T, a *authority.Authority, _ *clock, r authority.Record) {
			if _, err := a.Update(ctx, admin, r.ID, authority.Update{Networks: &[]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}); err != nil {
				t.Fatal(err)
			}
		}},
		"rotated": {func(t *testing.T, a *authority.Authority, _ *clock, r authority.Record) {
			rotate(t, a, r.ID, authority.RotateRequest{Grace: grace(0), Force: true})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a, clock := open(t)
			k := consoleKey(t, a, authority.IssueRequest{ExpiresAt: start.Add(10 * time.Minute)})
			token := signIn(t, a, k.Key)
			wantLive(t, a, token)
			test.end(t, a, clock, k.Record)
			wantOver(t, a, token)
		})
	}
	a, _ := open(t)
	k := consoleKey(t, a, authority.IssueRequest{})
	token := signIn(t, a, k.Key)
	scopes := []string{authority.ScopeRead}
	if _, err := a.Update(ctx, admin, k.Record.ID, authority.Update{Scopes: &scopes}); err != nil {
		t.Fatal(err)
	}
	if _, c, err := a.ResumeSession(ctx, token, authority.Origin{}, true); err != nil || c.May(authority.ScopeIssue) == nil {
		t.Fatalf("narrowed and %v, %v", c.Scopes(), err)
	}
	if _, err := a.Disable(ctx, admin, k.Record.ID); err != nil {
		t.Fatal(err)
	}
	a.Tend(ctx)
	if _, err := a.Enable(ctx, admin, k.Record.ID); err != nil {
		t.Fatal(err)
	}
	wantOver(t, a, token) // nobody is signed in again by an enable
}

// A rotation with a grace leaves those signed in who came with the secret before, until the grace ends.
func TestSessionInGrace(t *testing.T) {
	a, clock := open(t)
	k := consoleKey(t, a, authority.IssueRequest{})
	token := signIn(t, a, k.Key)
	rotate(t, a, k.Record.ID, authority.RotateRequest{Grace: grace(10 * time.Minute)})
	wantLive(t, a, token)
	clock.advance(10 * time.Minute)
	wantOver(t, a, token)
}

// Signing out ends one session, or all of the key; those of other keys live.
func TestSignOut(t *testing.T) {
	a, _ := open(t)
	k, other := consoleKey(t, a, authority.IssueRequest{}), consoleKey(t, a, authority.IssueRequest{})
	one, two, three, theirs := signIn(t, a, k.Key), signIn(t, a, k.Key), signIn(t, a, k.Key), signIn(t, a, other.Key)
	_, c, err := a.ResumeSession(ctx, one, authority.Origin{}, true)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := a.EndSession(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	wantOver(t, a, one)
	wantLive(t, a, two)
	if n, err := a.EndSessions(ctx, c); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	wantOver(t, a, two)
	wantOver(t, a, three)
	wantLive(t, a, theirs)
}

// A key has a bounded number of sessions: the one that was not used for longest makes room.
func TestSessionsAreBounded(t *testing.T) {
	a, clock := open(t)
	k := consoleKey(t, a, authority.IssueRequest{})
	first := signIn(t, a, k.Key)
	clock.advance(time.Second)
	second := signIn(t, a, k.Key)
	clock.advance(time.Second)
	for range 99 {
		signIn(t, a, k.Key)
	}
	wantOver(t, a, first)
	wantLive(t, a, second)
}

// A session outlives the process, is in no backup, and its token is nowhere.
func TestSessionIsKept(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	k := consoleKey(t, a, authority.IssueRequest{})
	token := signIn(t, a, k.Key)
	a.Close()
	b, _ := over(t, store)
	wantLive(t, b, token)
	text, err := json.Marshal(events(t, b))
	if err != nil {
		t.Fatal(err)
	}
	held, kept := false, &bytes.Buffer{}
	archiver, ok := store.(authority.Archiver)
	if !ok {
		t.Fatal("the store makes no archives")
	}
	look := func(v any) error {
		if i, ok := v.(*authority.Item); ok {
			held = held || i.Kind == "session"
			kept.Write(i.Data)
		}
		return json.NewEncoder(kept).Encode(v)
	}
	if err := archiver.Dump(ctx, look); err != nil || !held {
		t.Fatalf("the store holds no session: %v", err)
	}
	for _, place := range [][]byte{text, kept.Bytes()} {
		if bytes.Contains(place, []byte(token.Reveal())) || bytes.Contains(place, []byte(k.Key.Reveal())) {
			t.Fatal("the token or the key was written")
		}
	}
	dump, err := b.Backup(ctx, admin)
	if err != nil {
		t.Fatal(err)
	}
	held = false
	if err := dump(ctx, look); err != nil || held {
		t.Fatalf("a backup holds a session (%v)", err)
	}
}

// A store that cannot answer ends no session.
func TestSessionWithoutStore(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	k := consoleKey(t, a, authority.IssueRequest{})
	token := signIn(t, a, k.Key)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	var e *authority.Error
	if err := resume(a, token); !errors.As(err, &e) || e.Kind != authority.Unavailable {
		t.Fatalf("%v", err)
	}
}
