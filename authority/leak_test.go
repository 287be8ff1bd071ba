// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// report reports one key.
func report(t testing.TB, a *authority.Authority, key keywright.Secret, url string) authority.LeakResult {
	t.Helper()
	results, err := a.ReportLeaks(ctx, admin, "github", []authority.LeakedKey{{Key: key, URL: url, Source: "commit"}})
	if err != nil || len(results) != 1 {
		t.Fatal(results, err)
	}
	return results[0]
}

func verbLine(list []authority.Event) string {
	var all []string
	for _, e := range list {
		all = append(all, e.Verb)
	}
	return strings.Join(all, " ")
}

func leakOf(t testing.TB, a *authority.Authority, id string) authority.Leak {
	t.Helper()
	l, err := a.Leak(ctx, admin, id)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func leaksPolicy(t testing.TB, a *authority.Authority, p authority.LeakPolicy) {
	t.Helper()
	if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Policy: &authority.Policy{Leaks: &p}}); err != nil {
		t.Fatal(err)
	}
}

func TestLeakedKeyIsRevokedAtOnce(t *testing.T) {
	a, _ := open(t)
	issued := issue(t, a, authority.IssueRequest{Owner: "team_7"})
	n := len(events(t, a))
	got := report(t, a, issued.Key, "https://example.com/a")
	if got.State != authority.StateActive || got.Action != authority.LeakRevoked || got.Key != issued.Record.ID {
		t.Fatalf("%+v", got)
	}
	if code := codeOf(t, a, issued.Key); code != keywright.Revoked {
		t.Fatal(code)
	}
	if got := verbLine(events(t, a)[n:]); got != "leak.report key.revoke leak.end" {
		t.Fatal(got)
	}
	l := leakOf(t, a, got.Leak)
	if _, took := l.Took(); !took || l.Owner != "team_7" || len(l.Sightings) != 1 || l.Sightings[0].Reporter != "github" {
		t.Fatalf("%+v", l)
	}
}

func TestRepeatedReportChangesNothing(t *testing.T) {
	a, _ := open(t)
	issued := issue(t, a, authority.IssueRequest{})
	first := report(t, a, issued.Key, "https://example.com/a")
	n := len(events(t, a))
	again := report(t, a, issued.Key, "https://example.com/a")
	if again.Leak != first.Leak || again.Action != first.Action || len(events(t, a)) != n {
		t.Fatalf("%+v and %+v, %s", first, again, verbLine(events(t, a)[n:]))
	}
	if again := report(t, a, issued.Key, "https://example.com/b"); again.Leak != first.Leak {
		t.Fatalf("%+v", again)
	}
	if l := leakOf(t, a, first.Leak); l.Total != 2 || verbLine(events(t, a)[n:]) != "leak.report" {
		t.Fatalf("%+v, %s", l, verbLine(events(t, a)[n:]))
	}
}

func TestUnknownKeyLeavesNoLeak(t *testing.T) {
	a, _ := open(t)
	n := len(events(t, a))
	if got := report(t, a, keywright.NewSecret("no such key"), ""); got.Leak != "" || got.State != "" || got.Action != authority.LeakNone {
		t.Fatalf("%+v", got)
	}
	if _, all := a.LeakCounts(); all != 0 || len(events(t, a)) != n {
		t.Fatal(all, len(events(t, a)))
	}
}

func TestPublishableKeyIsOnlyTold(t *testing.T) {
	a, _ := open(t)
	f, err := keywright.Preset("keywright")
	if err != nil {
		t.Fatal(err)
	}
	f.Name, f.Prefix, f.Publishable = "publishable", "pk", true
	if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Formats: []keywright.Format{f}}); err != nil {
		t.Fatal(err)
	}
	issued := issue(t, a, authority.IssueRequest{Format: "publishable"})
	if got := report(t, a, issued.Key, ""); got.Action != authority.LeakReported {
		t.Fatalf("%+v", got)
	}
	if code := codeOf(t, a, issued.Key); code != keywright.Valid {
		t.Fatal(code)
	}
}

// A delayed revocation is done on time, also by a process that was started after the report.
func TestLeakedKeyIsRevokedAfterTheDelay(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	leaksPolicy(t, a, authority.LeakPolicy{Secret: authority.LeakDelay, Delay: time.Hour})
	issued := issue(t, a, authority.IssueRequest{})
	got := report(t, a, issued.Key, "")
	if got.Action != authority.LeakScheduled || !got.RevokeAt.Equal(start.Add(time.Hour)) {
		t.Fatalf("%+v", got)
	}
	a.Tend(ctx)
	if code := codeOf(t, a, issued.Key); code != keywright.Valid {
		t.Fatal(code)
	}
	a.Close()
	a, clock := over(t, store)
	clock.advance(time.Hour - time.Second)
	a.Tend(ctx)
	if code := codeOf(t, a, issued.Key); code != keywright.Valid {
		t.Fatal("it was revoked too soon:", code)
	}
	clock.advance(time.Second)
	a.Tend(ctx)
	if code := codeOf(t, a, issued.Key); code != keywright.Revoked {
		t.Fatal(code)
	}
	if l := leakOf(t, a, got.Leak); l.Action != authority.LeakRevoked || l.Ended.IsZero() {
		t.Fatalf("%+v", l)
	}
}

func TestLeakThatIsOnlyToldEndsWithItsKey(t *testing.T) {
	a, clock := open(t)
	leaksPolicy(t, a, authority.LeakPolicy{Secret: authority.LeakTell})
	revoked, expires := issue(t, a, authority.IssueRequest{}), issue(t, a, authority.IssueRequest{ExpiresIn: time.Hour})
	ids := []string{report(t, a, revoked.Key, "").Leak, report(t, a, expires.Key, "").Leak}
	a.Tend(ctx)
	if open, _ := a.LeakCounts(); open != 2 {
		t.Fatal(open)
	}
	if _, err := a.Revoke(ctx, admin, revoked.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Hour)
	a.Tend(ctx)
	for _, id := range ids {
		if l := leakOf(t, a, id); l.Ended.IsZero() || l.Action != authority.LeakReported {
			t.Fatalf("%+v", l)
		}
	}
	if got := verbLine(events(t, a)); strings.Count(got, "leak.end") != 2 {
		t.Fatal(got)
	}
}

// A secret that was rotated out takes nothing with it but itself.
func TestLeakedOldSecretEndsAlone(t *testing.T) {
	a, _ := open(t)
	old := issue(t, a, authority.IssueRequest{})
	fresh, err := a.Rotate(ctx, admin, old.Record.ID, authority.RotateRequest{Grace: &authority.Grace{AtMost: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	if got := report(t, a, old.Key, ""); got.Action != authority.LeakRevoked || got.State != authority.StateActive {
		t.Fatalf("%+v", got)
	}
	if code := codeOf(t, a, old.Key); code != keywright.Expired {
		t.Fatal(code)
	}
	if code := codeOf(t, a, fresh.Key); code != keywright.Valid {
		t.Fatal(code)
	}
	if again := report(t, a, old.Key, "https://example.com/later"); again.State != authority.StateExpired {
		t.Fatalf("%+v", again)
	}
	if code := codeOf(t, a, fresh.Key); code != keywright.Valid {
		t.Fatal(code)
	}
}

func TestSightingNeverHoldsTheKey(t *testing.T) {
	a, _ := open(t)
	issued := issue(t, a, authority.IssueRequest{})
	got := report(t, a, issued.Key, "https://example.com/?key="+issued.Key.Reveal())
	if l := leakOf(t, a, got.Leak); l.Sightings[0].URL != "https://example.com/?key=[key]" {
		t.Fatalf("%+v", l)
	}
}

func TestSightingsAreBounded(t *testing.T) {
	a, _ := open(t)
	issued := issue(t, a, authority.IssueRequest{})
	var list []authority.LeakedKey
	for i := range 150 {
		list = append(list, authority.LeakedKey{Key: issued.Key, URL: fmt.Sprint("https://example.com/", i)})
	}
	results, err := a.ReportLeaks(ctx, admin, "", list)
	if err != nil {
		t.Fatal(err)
	}
	if l := leakOf(t, a, results[0].Leak); len(l.Sightings) != 100 || l.Total != 150 {
		t.Fatal(len(l.Sightings), l.Total)
	}
}

func TestManyLeaksInOneReport(t *testing.T) {
	a, _ := open(t)
	var list []authority.LeakedKey
	for i := range 1000 {
		key := keywright.NewSecret(fmt.Sprint("unknown", i))
		if i%2 == 0 {
			key = issue(t, a, authority.IssueRequest{Owner: "team_7"}).Key
		}
		list = append(list, authority.LeakedKey{Key: key})
	}
	results, err := a.ReportLeaks(ctx, admin, "", list)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if (i%2 == 0) != (r.Action == authority.LeakRevoked) {
			t.Fatalf("%d: %+v", i, r)
		}
		if i%2 == 0 && codeOf(t, a, list[i].Key) != keywright.Revoked {
			t.Fatal(i)
		}
	}
	if _, err := a.ReportLeaks(ctx, admin, "", append(list, list[0])); err == nil {
		t.Fatal("1001 were taken")
	}
}

func TestLeaksAreListed(t *testing.T) {
	a, clock := open(t)
	leaksPolicy(t, a, authority.LeakPolicy{Secret: authority.LeakTell})
	var ids []string
	for i := range 5 {
		clock.advance(time.Second)
		ids = append(ids, report(t, a, issue(t, a, authority.IssueRequest{Owner: fmt.Sprint("team_", i%2)}).Key, "").Leak)
	}
	list := func(c authority.Caller, q authority.LeakQuery) (got []string, more bool) {
		t.Helper()
		leaks, more, err := a.Leaks(ctx, c, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range leaks {
			got = append(got, l.ID)
		}
		return got, more
	}
	page, more := list(admin, authority.LeakQuery{Limit: 2})
	if fmt.Sprint(page) != fmt.Sprint([]string{ids[4], ids[3]}) || !more {
		t.Fatal(page, more)
	}
	page, more = list(admin, authority.LeakQuery{Limit: 3, After: ids[3]})
	if fmt.Sprint(page) != fmt.Sprint([]string{ids[2], ids[1], ids[0]}) || more {
		t.Fatal(page, more)
	}
	if page, _ = list(admin, authority.LeakQuery{Owner: "team_1", Open: true}); len(page) != 2 {
		t.Fatal(page)
	}
	if page, _ = list(admin, authority.LeakQuery{Ended: true}); len(page) != 0 {
		t.Fatal(page)
	}
	_, _, err := a.Leaks(ctx, admin, authority.LeakQuery{After: "leak_x"})
	wantError(t, err, authority.Invalid, "cursor")
}

func TestLeakPolicyIsChecked(t *testing.T) {
	a, _ := open(t)
	for field, p := range map[string]authority.LeakPolicy{
		"policy.leaks.secret": {Secret: "burn"}, "policy.leaks.delay": {Delay: time.Hour},
	} {
		_, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Policy: &authority.Policy{Leaks: &p}})
		wantError(t, err, authority.Invalid, field)
	}
	_, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Policy: &authority.Policy{
		Leaks: &authority.LeakPolicy{Secret: authority.LeakDelay, Delay: time.Second},
	}})
	wantError(t, err, authority.Invalid, "policy.leaks.delay")
}

// What is done with a key after its report is counted by network and path, in bounded memory, and survives a restart.
func TestUsesOfALeakedKey(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	issued := issue(t, a, authority.IssueRequest{})
	id := report(t, a, issued.Key, "").Leak
	use := func(address, path string) {
		t.Helper()
		verify(t, a, keywright.Ask{Key: issued.Key, Keyspace: "default", ClientIP: netip.MustParseAddr(address), Path: path})
	}
	for i := range 3 {
		use(fmt.Sprint("192.0.2.", i), "/v1/invoices?token=x")
	}
	use("2001:db8:1:2::3", "/v1/users")
	a.Tend(ctx)
	a.Close()
	a, _ = over(t, store)
	use("192.0.2.9", "/v1/invoices")
	r, err := a.LeakReport(ctx, admin, id)
	if err != nil {
		t.Fatal(err)
	}
	n, p := r.Uses.Networks, r.Uses.Paths
	if len(n) != 2 || n[0].Network.String() != "192.0.2.0/24" || n[0].Count != 4 || n[1].Network.String() != "2001:db8:1::/48" {
		t.Fatalf("%+v", n)
	}
	if len(p) != 2 || p[0] != (authority.LeakPath{Path: "/v1/invoices", Count: 4}) || !r.Complete {
		t.Fatalf("%+v", p)
	}
	for i := range 200 {
		use(fmt.Sprintf("10.0.%d.1", i), fmt.Sprint("/", i))
	}
	if r, err = a.LeakReport(ctx, admin, id); err != nil || len(r.Uses.Networks) != 64 || len(r.Uses.Paths) != 64 || r.Complete {
		t.Fatal(len(r.Uses.Networks), len(r.Uses.Paths), r.Complete, err)
	}
}

func TestSightingsAreErased(t *testing.T) {
	a, _ := open(t)
	issued := issue(t, a, authority.IssueRequest{})
	id := report(t, a, issued.Key, "https://example.com/of/a/person").Leak
	report(t, a, issued.Key, "https://example.com/other")
	if _, err := a.Erase(ctx, admin, authority.EraseRequest{Value: "https://example.com/of/a/person", Fields: []string{"url"}}); err != nil {
		t.Fatal(err)
	}
	if l := leakOf(t, a, id); l.Sightings[0].URL != "" || l.Sightings[0].Reporter != "github" || l.Sightings[1].URL == "" || l.Total != 2 {
		t.Fatalf("%+v", l)
	}
	for _, e := range events(t, a) {
		for _, p := range e.Personal {
			if p.Value == "https://example.com/of/a/person" {
				t.Fatalf("%+v", e)
			}
		}
	}
}
