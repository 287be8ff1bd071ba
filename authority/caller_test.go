// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"errors"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// as returns the caller of a new service key.
func as(t testing.TB, a *authority.Authority, rules authority.Rules, scopes ...string) authority.Caller {
	t.Helper()
	key := issue(t, a, authority.IssueRequest{Keyspace: "keywright", Scopes: scopes, Rules: rules}).Key
	c, err := a.Authenticate(ctx, key, authority.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// acts are all methods that take a caller, each with the scope it needs.
var acts = map[string]struct {
	scope string
	do    func(*authority.Authority, authority.Caller, keywright.KeyID) error
}{
	"Issue": {authority.ScopeIssue, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.Issue(ctx, c, authority.IssueRequest{})
		return err
	}},
	"IssueMany": {authority.ScopeIssue, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) (err error) {
		_ = a.IssueMany(ctx, c, slices.Values([]authority.IssueRequest{{}}), func(_ authority.Issued, e error) error { err = e; return nil })
		return err
	}},
	"Get": {authority.ScopeRead, func(a *authority.Authority, c authority.Caller, id keywright.KeyID) error {
		_, err := a.Get(ctx, c, id)
		return err
	}},
	"List": {authority.ScopeRead, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, _, err := a.List(ctx, c, authority.ListRequest{})
		return err
	}},
	"Update": {authority.ScopeWrite, func(a *authority.Authority, c authority.Caller, id keywright.KeyID) error {
		name := "n"
		_, err := a.Update(ctx, c, id, authority.Update{Name: &name})
		return err
	}},
	"Disable": {authority.ScopeWrite, func(a *authority.Authority, c authority.Caller, id keywright.KeyID) error {
		_, err := a.Disable(ctx, c, id)
		return err
	}},
	"Enable": {authority.ScopeWrite, func(a *authority.Authority, c authority.Caller, id keywright.KeyID) error {
		_, err := a.Enable(ctx, c, id)
		return err
	}},
	"Revoke": {authority.ScopeRevoke, func(a *authority.Authority, c authority.Caller, id keywright.KeyID) error {
		_, err := a.Revoke(ctx, c, id, "")
		return err
	}},
	"VerifyAs": {authority.ScopeVerify, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.VerifyAs(ctx, c, keywright.Ask{Keyspace: "default"})
		return err
	}},
	"CreateKeyspace": {authority.ScopeKeyspacesWrite, func(a *authority.Authority, c authority.Caller, id keywright.KeyID) error {
		_, err := a.CreateKeyspace(ctx, c, authority.KeyspaceRequest{Name: "new"})
		return err
	}},
	"UpdateKeyspace": {authority.ScopeKeyspacesWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.UpdateKeyspace(ctx, c, authority.KeyspaceRequest{Name: "default", Environments: []string{"live"}})
		return err
	}},
	"Keyspaces": {authority.ScopeKeyspacesRead, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.Keyspaces(c)
		return err
	}},
	"Keyspace": {authority.ScopeKeyspacesRead, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.Keyspace(c, "default")
		return err
	}},
	"Events": {authority.ScopeAudit, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.Events(ctx, c, authority.EventQuery{})
		return err
	}},
	"Checkpoint": {authority.ScopeAuditWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.Checkpoint(ctx, c, authority.CheckpointRequest{})
		return err
	}},
	"Checkpoints": {authority.ScopeAudit, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.Checkpoints(ctx, c)
		return err
	}},
	"Erase": {authority.ScopeAuditWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.Erase(ctx, c, authority.EraseRequest{Value: "nobody"})
		return err
	}},
	"Prune": {authority.ScopeAuditWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		var mark authority.Checkpoint
		if c.May(authority.ScopeAuditWrite) == nil {
			var err error
			if mark, err = a.Checkpoint(ctx, admin, authority.CheckpointRequest{}); err != nil {
				return err
			}
		}
		_, err := a.Prune(ctx, c, authority.PruneRequest{Sequence: mark.Sequence})
		return err
	}},
	"CreateEndpoint": {authority.ScopeWebhooksWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.CreateEndpoint(ctx, c, authority.EndpointRequest{URL: "https://a.example"})
		return sendsNothing(err)
	}},
	"UpdateEndpoint": {authority.ScopeWebhooksWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.UpdateEndpoint(ctx, c, "wh_none", authority.EndpointPatch{})
		return noEndpoint(err)
	}},
	"RotateEndpointSecret": {authority.ScopeWebhooksWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.RotateEndpointSecret(ctx, c, "wh_none", 0)
		return noEndpoint(err)
	}},
	"EnableEndpoint": {authority.ScopeWebhooksWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.EnableEndpoint(ctx, c, "wh_none", false)
		return noEndpoint(err)
	}},
	"DisableEndpoint": {authority.ScopeWebhooksWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.DisableEndpoint(ctx, c, "wh_none")
		return noEndpoint(err)
	}},
	"DeleteEndpoint": {authority.ScopeWebhooksWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		return noEndpoint(a.DeleteEndpoint(ctx, c, "wh_none"))
	}},
	"TestEndpoint": {authority.ScopeWebhooksWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.TestEndpoint(ctx, c, "wh_none")
		return noEndpoint(err)
	}},
	"Replay": {authority.ScopeWebhooksWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.Replay(ctx, c, "wh_none", authority.ReplayRequest{Dead: true})
		return noEndpoint(err)
	}},
	"DropDeliveries": {authority.ScopeWebhooksWrite, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.DropDeliveries(ctx, c, "wh_none", nil, true)
		return noEndpoint(err)
	}},
	"Endpoints": {authority.ScopeWebhooksRead, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.Endpoints(c)
		return err
	}},
	"Endpoint": {authority.ScopeWebhooksRead, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.Endpoint(c, "wh_none")
		return noEndpoint(err)
	}},
	"Deliveries": {authority.ScopeWebhooksRead, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, _, err := a.Deliveries(c, "wh_none", "", 0, 0)
		return noEndpoint(err)
	}},
	"VerifyChain": {authority.ScopeAudit, func(a *authority.Authority, c authority.Caller, _ keywright.KeyID) error {
		_, err := a.VerifyChain(ctx, c)
		return err
	}},
}

// noEndpoint passes over the error of an endpoint that does not exist: the caller was let in.
func noEndpoint(err error) error { return exceptKind(err, authority.Unknown) }

// sendsNothing passes over the error of an authority without a sender.
func sendsNothing(err error) error { return exceptKind(err, authority.Conflicting) }

func exceptKind(err error, kind authority.ErrorKind) error {
	var e *authority.Error
	if errors.As(err, &e) && e.Kind == kind {
		return nil
	}
	return err
}

func TestEveryActNeedsItsScope(t *testing.T) {
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			a, _ := open(t)
			id := issue(t, a, authority.IssueRequest{}).Record.ID
			others := slices.DeleteFunc(slices.Clone(authority.ServiceScopes), func(s string) bool { return s == act.scope })
			before := len(events(t, a)) + 1
			wantError(t, act.do(a, as(t, a, authority.Rules{}, others...), id), authority.Denied, "")
			if n := len(events(t, a)); n != before {
				t.Error("a refused act left an event")
			}
			if err := act.do(a, as(t, a, authority.Rules{}, act.scope), id); err != nil {
				t.Error(err)
			}
		})
	}
}

// Only admin:write acts on service keys, whatever else a caller may do.
func TestServiceKeysAreForAdminsAlone(t *testing.T) {
	a, _ := open(t)
	id := issue(t, a, authority.IssueRequest{Keyspace: "keywright", Scopes: []string{"keys:verify"}}).Record.ID
	c := as(t, a, authority.Rules{}, "keys:*", "keyspaces:*", "audit:read")
	for name, act := range acts {
		switch name {
		case "Get", "Update", "Disable", "Enable", "Revoke":
			wantError(t, act.do(a, c, id), authority.Denied, "")
		}
	}
	_, err := a.Issue(ctx, c, authority.IssueRequest{Keyspace: "keywright", Scopes: []string{"keys:verify"}})
	wantError(t, err, authority.Denied, "")
	_, err = a.VerifyAs(ctx, c, keywright.Ask{Keyspace: "keywright"})
	wantError(t, err, authority.Denied, "")
}

func TestNobodyGivesMoreThanTheyHold(t *testing.T) {
	a, _ := open(t)
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "other"}); err != nil {
		t.Fatal(err)
	}
	request := func(rules authority.Rules, scopes ...string) authority.IssueRequest {
		return authority.IssueRequest{Keyspace: "keywright", Scopes: scopes, Rules: rules}
	}
	some := as(t, a, authority.Rules{}, "admin:write", "keys:verify")
	if _, err := a.Issue(ctx, some, request(authority.Rules{}, "keys:verify")); err != nil {
		t.Error(err)
	}
	for _, scope := range []string{"keys:issue", "keys:*", "*"} {
		_, err := a.Issue(ctx, some, request(authority.Rules{}, scope))
		wantError(t, err, authority.Denied, "")
	}
	owned := as(t, a, authority.Rules{Owner: "team_7"}, "keys:*")
	if issued := issueAs(t, a, owned, authority.IssueRequest{}); issued.Record.Owner != "team_7" {
		t.Errorf("the owner is %q", issued.Record.Owner)
	}
	_, err := a.Issue(ctx, owned, authority.IssueRequest{Owner: "team_8"})
	wantError(t, err, authority.Denied, "")
	to := "team_8"
	mine := issueAs(t, a, owned, authority.IssueRequest{})
	_, err = a.Update(ctx, owned, mine.Record.ID, authority.Update{Owner: &to})
	wantError(t, err, authority.Denied, "")
}

func issueAs(t testing.TB, a *authority.Authority, c authority.Caller, q authority.IssueRequest) authority.Issued {
	t.Helper()
	issued, err := a.Issue(ctx, c, q)
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

func TestBoundCallers(t *testing.T) {
	a, _ := open(t)
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "other"}); err != nil {
		t.Fatal(err)
	}
	elsewhere := issue(t, a, authority.IssueRequest{Keyspace: "other"})
	foreign := issue(t, a, authority.IssueRequest{Owner: "team_8"})
	bound := as(t, a, authority.Rules{Keyspaces: []string{"default"}}, "keys:*", "keyspaces:*", "audit:read")
	owned := as(t, a, authority.Rules{Owner: "team_7"}, "keys:*", "audit:read")
	for name, act := range acts {
		switch name {
		case "Get", "Update", "Disable", "Enable", "Revoke":
			wantError(t, act.do(a, bound, elsewhere.Record.ID), authority.Denied, "")
			wantError(t, act.do(a, owned, foreign.Record.ID), authority.Unknown, "")
		}
	}
	_, err := a.VerifyAs(ctx, bound, keywright.Ask{Key: elsewhere.Key, Keyspace: "other"})
	wantError(t, err, authority.Denied, "")
	if v, err := a.VerifyAs(ctx, bound, keywright.Ask{Key: foreign.Key}); err != nil || !v.Valid() {
		t.Errorf("bound to one keyspace, it need not be named: %s, %v", v.Code, err)
	}
	v, err := a.VerifyAs(ctx, owned, keywright.Ask{Key: foreign.Key, Keyspace: "default"})
	if err != nil || v.Code != keywright.NotFound || !v.KeyID.IsZero() || v.Owner != "" {
		t.Errorf("another owner's key: %+v, %v", v, err)
	}
	if list, _, err := a.List(ctx, owned, authority.ListRequest{}); err != nil || len(list) != 0 {
		t.Errorf("another owner's keys are listed: %v, %v", list, err)
	}
	if list, err := a.Keyspaces(bound); err != nil || len(list) != 1 || list[0].Name != "default" {
		t.Errorf("keyspaces: %v, %v", list, err)
	}
	_, err = a.Events(ctx, owned, authority.EventQuery{})
	wantError(t, err, authority.Denied, "")
	_, err = a.Events(ctx, bound, authority.EventQuery{Keyspace: "other"})
	wantError(t, err, authority.Denied, "")
}

func TestServiceKeyEndsAtOnce(t *testing.T) {
	a, _ := open(t)
	issued := issue(t, a, authority.IssueRequest{Keyspace: "keywright", Scopes: []string{"*"}})
	if _, err := a.Authenticate(ctx, issued.Key, authority.Origin{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Revoke(ctx, admin, issued.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	_, err := a.Authenticate(ctx, issued.Key, authority.Origin{})
	wantError(t, err, authority.Unidentified, "")
}

func TestExactlyOneFirstServiceKey(t *testing.T) {
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	var made []authority.Issued
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range 8 { // as many processes would, each with an authority of its own
		a, _ := over(t, store)
		wait.Go(func() {
			issued, mine, err := a.FirstServiceKey(ctx)
			if err != nil {
				t.Error(err)
			}
			if mine {
				mu.Lock()
				made = append(made, issued)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(made) != 1 {
		t.Fatalf("%d first service keys", len(made))
	}
	a, _ := over(t, store)
	c, err := a.Authenticate(ctx, made[0].Key, authority.Origin{})
	if err != nil || !slices.Equal(c.Scopes(), []string{"*"}) {
		t.Errorf("%v, %v", c.Scopes(), err)
	}
	if _, again, err := a.FirstServiceKey(ctx); again || err != nil {
		t.Errorf("a second first key: %v", err)
	}
	if list, _, err := a.List(ctx, admin, authority.ListRequest{Keyspace: "keywright"}); err != nil || len(list) != 1 {
		t.Errorf("%d service keys, %v", len(list), err)
	}
}

func TestRecoverLeavesAnEvent(t *testing.T) {
	a, _ := open(t)
	issued, err := a.Recover(ctx, authority.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	all := events(t, a)
	if e := all[len(all)-1]; e.Actor != "recovery" || e.Target != issued.Record.ID.String() {
		t.Errorf("got %+v", e)
	}
	if _, err := a.Authenticate(ctx, issued.Key, authority.Origin{}); err != nil {
		t.Error(err)
	}
}

// TestScopesAreDocumented compares the scopes with the guide.
func TestScopesAreDocumented(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, scope := range authority.ServiceScopes {
		if !strings.Contains(string(guide), "`"+scope+"`") {
			t.Errorf("the guide does not tell of %s", scope)
		}
	}
}

// TestCodesAreDocumented compares the codes of verdicts, and their order, with the guide.
func TestCodesAreDocumented(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := open(t)
	v := verify(t, a, keywright.Ask{Key: issue(t, a, authority.IssueRequest{}).Key, Keyspace: "default", Explain: true})
	var codes []string
	for _, check := range v.Checks {
		codes = append(codes, "`"+string(check.Code)+"`")
	}
	text := strings.Join(strings.Fields(string(guide)), " ")
	if want := strings.Join(append(codes, "`"+string(keywright.Valid)+"`"), ", "); !strings.Contains(text, want) {
		t.Errorf("the guide does not say: %s", want)
	}
}

// TestKeysOfOthersAreUnknown judges a key of another owner and one that nobody has: no field of the verdict, no count and
// no event tells them apart.
func TestKeysOfOthersAreUnknown(t *testing.T) {
	a, _ := open(t)
	if err := a.Warm(ctx); err != nil {
		t.Fatal(err)
	}
	q := authority.IssueRequest{Owner: "team_8", Credits: &authority.CreditsRequest{Remaining: 5}, Limits: []authority.Limit{limit("requests", 1, time.Hour)}}
	theirs, revoked := issue(t, a, q), issue(t, a, authority.IssueRequest{Owner: "team_8"})
	if _, err := a.Revoke(ctx, admin, revoked.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	family, err := a.IssueChild(ctx, admin, theirs.Record.ID, authority.IssueRequest{})
	if err != nil {
		t.Fatal(err)
	}
	bound := as(t, a, authority.Rules{Owner: "team_7"}, "keys:verify")
	before := len(events(t, a))
	judged := func(key keywright.Secret, ask keywright.Ask) (keywright.Verdict, map[keywright.Code]uint64) {
		ask.Key, ask.Keyspace = key, "default"
		counted := a.Verifications()["default"]
		v, err := a.VerifyAs(ctx, bound, ask)
		if err != nil {
			t.Fatal(err)
		}
		now := a.Verifications()["default"]
		for code := range now {
			now[code] -= counted[code]
		}
		return v, now
	}
	for name, ask := range map[string]keywright.Ask{
		"plain": {}, "with much": {Environment: "test", Scopes: []string{"a:b"}, ScopeExpr: "c:d", Cost: 9, ClientIP: netip.MustParseAddr("192.0.2.1")},
		"explained": {Explain: true}, "with everything": {Include: []string{"name", "metadata", "limits"}}, "a dry run": {DryRun: true},
	} {
		want, counted := judged(stranger(t), ask)
		if want.Code != keywright.NotFound || (counted[keywright.NotFound] == 1) == ask.DryRun {
			t.Fatalf("%s: an unknown key: %+v, counted %v", name, want, counted)
		}
		for kind, key := range map[string]keywright.Secret{"valid": theirs.Key, "revoked": revoked.Key, "child": family.Key} {
			if v, n := judged(key, ask); !reflect.DeepEqual(v, want) || !maps.Equal(n, counted) {
				t.Errorf("%s, %s: %+v, counted %v; unknown: %+v, counted %v", name, kind, v, n, want, counted)
			}
		}
	}
	for range 5 {
		if err := a.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if all := events(t, a); len(all) != before {
		t.Errorf("left events: %+v", all[before:])
	}
	if uses, err := a.LastUses(ctx, admin, &theirs.Record); err != nil || !uses[0].Time.IsZero() {
		t.Errorf("noted as used: %+v, %v", uses, err)
	}
}

// TestBoundCallerSpendsNothingOfOthers verifies the key of another owner: it does not exist, so it loses nothing.
func TestBoundCallerSpendsNothingOfOthers(t *testing.T) {
	a, _ := open(t)
	theirs := issue(t, a, authority.IssueRequest{Owner: "team_8", Credits: &authority.CreditsRequest{Remaining: 1}, Limits: []authority.Limit{limit("requests", 1, time.Hour)}})
	ask := keywright.Ask{Key: theirs.Key, Keyspace: "default"}
	for range 3 {
		v, err := a.VerifyAs(ctx, as(t, a, authority.Rules{Owner: "team_7"}, "keys:verify"), ask)
		if err != nil || v.Code != keywright.NotFound || !v.KeyID.IsZero() || v.Limit.Name != "" || v.Detail != nil {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	if v := verify(t, a, ask); v.Code != keywright.Valid || *v.Credits != 0 {
		t.Errorf("%+v", v)
	}
}
