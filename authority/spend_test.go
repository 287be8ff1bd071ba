// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func limit(name string, n int64, window time.Duration) authority.Limit {
	return authority.Limit{Name: name, Limit: n, Window: window, Auto: true}
}

func keyspace(t testing.TB, a *authority.Authority, name string, p authority.Policy) {
	t.Helper()
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: name, Policy: &p}); err != nil {
		t.Fatal(err)
	}
}

func TestRateLimit(t *testing.T) {
	a, clock := open(t)
	k := issue(t, a, authority.IssueRequest{Limits: []authority.Limit{limit("requests", 6, time.Minute)}})
	for left := range 6 {
		v := verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default"})
		if !v.Valid() || v.Limit.Name != "requests" || v.Limit.Of != "key" || v.Limit.Limit != 6 || v.Limit.Remaining != int64(5-left) {
			t.Fatalf("ask %d: %+v", left, v)
		}
	}
	v := verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default"})
	if v.Code != keywright.RateLimited || v.Limit.RetryAfter != 10*time.Second || v.Limit.Remaining != 0 {
		t.Fatalf("beyond the limit: %+v", v)
	}
	clock.advance(10*time.Second - time.Millisecond)
	wantCode(t, a, k.Key, keywright.RateLimited)
	clock.advance(time.Millisecond)
	wantCode(t, a, k.Key, keywright.Valid)
	wantCode(t, a, k.Key, keywright.RateLimited)

	// What costs more than can ever be there is told so.
	clock.advance(time.Hour)
	v = verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Cost: 7})
	if v.Code != keywright.RateLimited || v.Limit.RetryAfter >= 0 {
		t.Fatalf("a cost beyond the burst: %+v", v.Limit)
	}
	v = verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Cost: 6, DryRun: true})
	if !v.Valid() {
		t.Fatalf("a dry run: %+v", v)
	}
	if v = verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Cost: 6}); !v.Valid() || v.Limit.Remaining != 0 {
		t.Fatalf("a dry run spent something, or the whole cost was not taken: %+v", v)
	}
}

// A refusal of any kind takes nothing, and of several limits all are taken or none.
func TestAllLimitsOrNone(t *testing.T) {
	a, clock := open(t)
	k := issue(t, a, authority.IssueRequest{Scopes: []string{"a:read"}, Limits: []authority.Limit{
		limit("wide", 100, time.Minute), limit("narrow", 2, time.Minute), {Name: "named", Limit: 5, Window: time.Minute},
	}})
	left := func(name string) int64 {
		v := verify(t, a, keywright.Ask{
			Key: k.Key, Keyspace: "default", DryRun: true, Include: []string{"limits"}, Limits: []keywright.AskLimit{{Name: "named"}},
		})
		for _, l := range v.Limits {
			if l.Name == name {
				return l.Remaining
			}
		}
		t.Fatalf("no limit %s in %+v", name, v.Limits)
		return 0
	}
	verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Scopes: []string{"b:read"}})
	if left("wide") != 100 || left("narrow") != 2 {
		t.Fatal("a refusal for another reason took from a limit")
	}
	for range 2 {
		wantCode(t, a, k.Key, keywright.Valid)
	}
	wantCode(t, a, k.Key, keywright.RateLimited)
	if left("wide") != 98 || left("narrow") != 0 || left("named") != 5 {
		t.Fatalf("%d %d %d are left: a refusal took from a limit that had room", left("wide"), left("narrow"), left("named"))
	}
	clock.advance(time.Minute)
	v := verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Limits: []keywright.AskLimit{{Name: "named", Cost: 5}}})
	if !v.Valid() || left("named") != 0 || left("narrow") != 1 {
		t.Fatalf("a named limit was not taken with its own cost: %+v", v)
	}
	v = verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Limits: []keywright.AskLimit{{Name: "named"}}})
	if v.Code != keywright.RateLimited || v.Limit.Name != "named" || left("narrow") != 1 {
		t.Fatalf("%+v, %d left", v, left("narrow"))
	}
}

func TestLimitsOfOwnersAndKeyspaces(t *testing.T) {
	a, _ := open(t)
	keyspace(t, a, "acme", authority.Policy{
		KeyLimits: []authority.Limit{limit("each", 5, time.Hour)}, OwnerLimits: []authority.Limit{limit("team", 8, time.Hour)},
		Limits: []authority.Limit{limit("all", 20, time.Hour)},
	})
	key := func(owner string) keywright.Secret {
		return issue(t, a, authority.IssueRequest{Keyspace: "acme", Owner: owner}).Key
	}
	ask := func(k keywright.Secret) keywright.Verdict {
		return verify(t, a, keywright.Ask{Key: k, Keyspace: "acme"})
	}
	count := func(k keywright.Secret) (n int, of string) {
		for {
			v := ask(k)
			if !v.Valid() {
				return n, v.Limit.Of
			}
			n++
		}
	}
	one, two := key("team_7"), key("team_7")
	if n, of := count(one); n != 5 || of != "key" {
		t.Fatalf("%d by one key, stopped by the %s", n, of)
	}
	if n, of := count(two); n != 3 || of != "owner" {
		t.Fatalf("%d by another key of the owner, stopped by the %s", n, of)
	}
	for range 3 {
		if n, _ := count(key("team_8")); n > 5 {
			t.Fatal("too many")
		}
	}
	if n, of := count(key("team_9")); n != 4 || of != "keyspace" {
		t.Fatalf("%d by the last owner, stopped by the %s", n, of)
	}
	// Limits of an owner's own stand instead of those of the policy, for keys that are in use already.
	limits := []authority.Limit{limit("team", 1, time.Hour)}
	if _, err := a.PutOwner(ctx, admin, authority.OwnerRequest{Keyspace: "acme", ID: "team_9", Limits: &limits}); err != nil {
		t.Fatal(err)
	}
	if _, of := count(key("team_9")); of != "owner" {
		t.Fatalf("stopped by the %s", of)
	}
}

func TestAdHocLimits(t *testing.T) {
	a, _ := open(t)
	k := issue(t, a, authority.IssueRequest{})
	ask := keywright.Ask{Key: k.Key, Keyspace: "default", Limits: []keywright.AskLimit{{Name: "exports", Limit: 2, Window: time.Hour}}}
	for range 2 {
		if v := verify(t, a, ask); !v.Valid() {
			t.Fatalf("%+v", v)
		}
	}
	if v := verify(t, a, ask); v.Code != keywright.RateLimited || v.Limit.Name != "exports" {
		t.Fatalf("%+v", v)
	}
	wantCode(t, a, k.Key, keywright.Valid)
	for field, ask := range map[string]keywright.Ask{
		"limits[0].name":   {Limits: []keywright.AskLimit{{Name: "unknown"}}},
		"limits[0].window": {Limits: []keywright.AskLimit{{Name: "x", Limit: 1}}},
		"limits[0].limit":  {Limits: []keywright.AskLimit{{Name: "x", Window: time.Hour}}},
		"limits[0].cost":   {Limits: []keywright.AskLimit{{Name: "x", Limit: 1, Window: time.Hour, Cost: -1}}},
		"limits[1].name":   {Limits: []keywright.AskLimit{{Name: "x", Limit: 1, Window: time.Hour}, {Name: "x"}}},
		"cost":             {Cost: -1},
		"cost ":            {Cost: 1 << 40},
		"limits":           {Limits: make([]keywright.AskLimit, 9)},
	} {
		ask.Key, ask.Keyspace = k.Key, "default"
		_, err := a.Verify(ctx, ask)
		wantError(t, err, authority.Invalid, strings.TrimSpace(field))
	}
}

// However many ask at once, not more than the limit get through.
func TestLimitUnderLoad(t *testing.T) {
	a, _ := open(t)
	k := issue(t, a, authority.IssueRequest{Limits: []authority.Limit{limit("requests", 1000, time.Hour), limit("others", 5000, time.Hour)}})
	var valid atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 400 {
				v, err := a.Verify(ctx, keywright.Ask{Key: k.Key, Keyspace: "default"})
				if err != nil {
					t.Error(err)
				}
				if v.Valid() {
					valid.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if valid.Load() != 1000 {
		t.Fatalf("%d VALID of a limit of 1000", valid.Load())
	}
}

// A limit with a window over a minute is as full after a restart as before.
func TestLongLimitsSurviveARestart(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	k := issue(t, a, authority.IssueRequest{Limits: []authority.Limit{limit("day", 3, 24*time.Hour)}})
	for range 3 {
		wantCode(t, a, k.Key, keywright.Valid)
	}
	a.Close()
	b, clock := over(t, store)
	wantCode(t, b, k.Key, keywright.RateLimited)
	clock.advance(8 * time.Hour)
	wantCode(t, b, k.Key, keywright.Valid)
}

func TestUpdateOfLimitsHoldsAtOnce(t *testing.T) {
	a, clock := open(t)
	k := issue(t, a, authority.IssueRequest{Limits: []authority.Limit{limit("requests", 100, time.Hour)}})
	wantCode(t, a, k.Key, keywright.Valid)
	clock.advance(time.Minute) // a meter keeps how full it is in time, and 36 s of an hour are taken
	limits := []authority.Limit{limit("requests", 1, time.Hour)}
	if _, err := a.Update(ctx, admin, k.Record.ID, authority.Update{Limits: &limits}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, a, k.Key, keywright.Valid)
	wantCode(t, a, k.Key, keywright.RateLimited)
	if _, err := a.Update(ctx, admin, k.Record.ID, authority.Update{Limits: &[]authority.Limit{}}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, a, k.Key, keywright.Valid)
}

func TestLimitsThatCannotBe(t *testing.T) {
	a, _ := open(t)
	nine := []authority.Limit{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"} {
		nine = append(nine, limit(name, 1, time.Minute))
	}
	for field, limits := range map[string][]authority.Limit{
		"limits":           nine,
		"limits[0].name":   {limit("", 1, time.Minute)},
		"limits[1].name":   {limit("a", 1, time.Minute), limit("a", 2, time.Minute)},
		"limits[0].limit":  {limit("a", 0, time.Minute)},
		"limits[0].window": {limit("a", 1, time.Millisecond)},
		"limits[0].burst":  {{Name: "a", Limit: 1, Window: time.Minute, Burst: -1}},
	} {
		_, err := a.Issue(ctx, admin, authority.IssueRequest{Limits: limits})
		wantError(t, err, authority.Invalid, field)
	}
}

func TestExplainTellsOfLimits(t *testing.T) {
	a, _ := open(t)
	k := issue(t, a, authority.IssueRequest{Scopes: []string{"a:read"}, Limits: []authority.Limit{limit("requests", 1, time.Hour)}})
	wantCode(t, a, k.Key, keywright.Valid)
	v := verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Scopes: []string{"b:read"}, Explain: true})
	if v.Code != keywright.InsufficientScope {
		t.Fatalf("%s", v.Code)
	}
	n := slices.IndexFunc(v.Checks, func(c keywright.Check) bool { return c.Code == keywright.RateLimited })
	if n < 0 || v.Checks[n].OK || v.Checks[n].Reason == "" {
		t.Fatalf("%+v", v.Checks)
	}
}

func TestWarmVerificationWithLimitsAllocatesNothing(t *testing.T) {
	a, _ := open(t)
	k := issue(t, a, authority.IssueRequest{Owner: "team_7", Scopes: []string{"a:read"}, Limits: []authority.Limit{limit("one", 1e9, time.Hour), limit("two", 1e9, time.Minute)}})
	eventually(t, func() bool { return a.Warm(ctx) == nil })
	time.Sleep(50 * time.Millisecond) // owners and meters are read in the background
	ask := keywright.Ask{Key: k.Key, Keyspace: "default", Environment: "live", Scopes: []string{"a:read"}}
	verify(t, a, ask)
	if n := testing.AllocsPerRun(2000, func() {
		if v, err := a.Verify(ctx, ask); err != nil || !v.Valid() {
			t.Fatal(v.Code, err)
		}
	}); n >= 1 {
		t.Fatalf("%v allocations", n)
	}
}
