// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func TestIssueLeavesOneEvent(t *testing.T) {
	a, _ := open(t)
	before := len(events(t, a))
	issued := issue(t, a, authority.IssueRequest{Name: "ci", Owner: "team_7", Scopes: []string{"a:b"}})
	all := events(t, a)
	if len(all) != before+1 {
		t.Fatalf("%d events, want 1", len(all)-before)
	}
	e := all[before]
	if e.Verb != "key.issue" || e.Actor != "test" || e.Target != issued.Record.ID.String() || e.Request != "req_1" || e.Keyspace != "default" {
		t.Errorf("got %+v", e)
	}
	text := fmt.Sprintf("%+v", all)
	for _, secret := range []string{issued.Key.Reveal(), issued.Key.Reveal()[30:60], issued.Record.Secrets[0].Hash.String()} {
		if strings.Contains(text, secret) {
			t.Error("an event holds a secret or its hash")
		}
	}
	if !strings.Contains(text, "team_7") {
		t.Error("the event does not tell the owner")
	}
}

func TestNothingIsKeptOfABadRequest(t *testing.T) {
	a, _ := open(t)
	before := len(events(t, a))
	hash := keywright.HashText("a key made elsewhere")
	for name, test := range map[string]struct {
		field string
		q     authority.IssueRequest
	}{
		"name too long":            {"name", authority.IssueRequest{Name: strings.Repeat("x", 201)}},
		"name with a newline":      {"name", authority.IssueRequest{Name: "a\nb"}},
		"owner not UTF-8":          {"owner", authority.IssueRequest{Owner: "\xff"}},
		"unknown format":           {"format", authority.IssueRequest{Format: "publishable"}},
		"unknown environment":      {"environment", authority.IssueRequest{Environment: "prod"}},
		"empty environment":        {"environment", authority.IssueRequest{Environment: "!!"}},
		"bad scope":                {"scopes[1]", authority.IssueRequest{Scopes: []string{"a:b", "a b"}}},
		"too many scopes":          {"scopes", authority.IssueRequest{Scopes: make([]string, 101)}},
		"metadata is a list":       {"metadata", authority.IssueRequest{Metadata: []byte(`[1]`)}},
		"metadata is null":         {"metadata", authority.IssueRequest{Metadata: []byte(`null`)}},
		"metadata too large":       {"metadata", authority.IssueRequest{Metadata: []byte(`{"a":"` + strings.Repeat("x", 64<<10) + `"}`)}},
		"network with host bits":   {"allowed_networks[0]", authority.IssueRequest{Rules: authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/8")}}}},
		"origin with a path":       {"allowed_origins[0]", authority.IssueRequest{Rules: authority.Rules{Origins: []string{"https://a.example/x"}}}},
		"method in lower case":     {"allowed_methods[0]", authority.IssueRequest{Rules: authority.Rules{Methods: []string{"get"}}}},
		"path with dots":           {"allowed_paths[0]", authority.IssueRequest{Rules: authority.Rules{Paths: []string{"/a/../b"}}}},
		"expires in the past":      {"expires_at", authority.IssueRequest{ExpiresAt: start.Add(-time.Second)}},
		"negative life":            {"expires_in", authority.IssueRequest{ExpiresIn: -time.Hour}},
		"two ends":                 {"expires_in", authority.IssueRequest{ExpiresIn: time.Hour, ExpiresAt: start.Add(time.Hour)}},
		"begins after its end":     {"not_before", authority.IssueRequest{ExpiresIn: time.Hour, NotBefore: start.Add(2 * time.Hour)}},
		"public id without hash":   {"public_id", authority.IssueRequest{PublicID: "abc"}},
		"hash without public id":   {"public_id", authority.IssueRequest{Hash: hash}},
		"a key as public id":       {"public_id", authority.IssueRequest{Hash: hash, PublicID: "default_live_" + strings.Repeat("x", 60)}},
		"service binding":          {"keyspaces", authority.IssueRequest{Rules: authority.Rules{Keyspaces: []string{"default"}}}},
		"service without scopes":   {"scopes", authority.IssueRequest{Keyspace: "keywright"}},
		"unknown service scope":    {"scopes[0]", authority.IssueRequest{Keyspace: "keywright", Scopes: []string{"keys:destroy"}}},
		"unknown bound keyspace":   {"keyspaces", authority.IssueRequest{Keyspace: "keywright", Scopes: []string{"keys:verify"}, Rules: authority.Rules{Keyspaces: []string{"nowhere"}}}},
		"idempotency key too long": {"Idempotency-Key", authority.IssueRequest{IdempotencyKey: strings.Repeat("k", 201)}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.Issue(ctx, admin, test.q)
			wantError(t, err, authority.Invalid, test.field)
		})
	}
	_, err := a.Issue(ctx, admin, authority.IssueRequest{Keyspace: "nowhere"})
	wantError(t, err, authority.Unknown, "")
	if n := len(events(t, a)); n != before {
		t.Errorf("%d events were left", n-before)
	}
}

func TestPolicy(t *testing.T) {
	a, _ := open(t)
	_, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "strict", Policy: &authority.Policy{
		MaxLife: time.Hour, RequireOwner: true, AllowedScopes: []string{"invoices:*"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	good := authority.IssueRequest{Keyspace: "strict", Owner: "o", ExpiresIn: time.Hour, Scopes: []string{"invoices:read"}}
	issued := issue(t, a, good)
	for field, change := range map[string]func(*authority.IssueRequest){
		"owner":      func(q *authority.IssueRequest) { q.Owner = " " },
		"expires_at": func(q *authority.IssueRequest) { q.ExpiresIn = 0 },
		"scopes[0]":  func(q *authority.IssueRequest) { q.Scopes = []string{"*"} },
	} {
		q := good
		change(&q)
		_, err := a.Issue(ctx, admin, q)
		wantError(t, err, authority.Invalid, field)
	}
	late := start.Add(2 * time.Hour)
	_, err = a.Update(ctx, admin, issued.Record.ID, authority.Update{ExpiresAt: &late})
	wantError(t, err, authority.Invalid, "expires_at")
}

func TestRegisterAKeyMadeElsewhere(t *testing.T) {
	a, _ := open(t)
	seam, err := keywright.Preset("seam")
	if err != nil {
		t.Fatal(err)
	}
	seam.Name, seam.Prefix = "secret", "myapp"
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "myapp", Formats: []keywright.Format{seam}}); err != nil {
		t.Fatal(err)
	}
	hash, err := keywright.ParseHash("d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37")
	if err != nil {
		t.Fatal(err)
	}
	q := authority.IssueRequest{Keyspace: "myapp", Hash: hash, PublicID: "BRTRKFsL"}
	if issued := issue(t, a, q); !issued.Key.IsZero() {
		t.Error("a registered key was shown")
	}
	for key, want := range map[string]keywright.Code{
		"myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG": keywright.Valid,
		"evil_XXXXXXXX_51FwqftsmMDHHbJAMEXXHCgG":  keywright.Malformed, // not this keyspace's prefix
		"myapp_XXXXXXXX_51FwqftsmMDHHbJAMEXXHCgG": keywright.NotFound,  // the right secret under another public id
		"myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgH": keywright.NotFound,
		"51FwqftsmMDHHbJAMEXXHCgG":                keywright.Malformed, // the bare secret
	} {
		if v := verify(t, a, keywright.Ask{Key: keywright.NewSecret(key), Keyspace: "myapp"}); v.Code != want {
			t.Errorf("%s: got %s, want %s", key, v.Code, want)
		}
	}
	sameHash, sameID := q, q
	sameHash.PublicID = "BRTRKFsM"
	_, err = a.Issue(ctx, admin, sameHash)
	wantError(t, err, authority.Conflicting, "hash")
	sameID.Hash = keywright.HashText("another")
	_, err = a.Issue(ctx, admin, sameID)
	wantError(t, err, authority.Conflicting, "public_id")
}

func TestRegisteredKeyWithAWrongChecksumNeverVerifies(t *testing.T) {
	a, _ := open(t)
	text := stranger(t).Reveal()
	broken := text[:len(text)-1] + flip(text[len(text)-1])
	issue(t, a, authority.IssueRequest{Hash: keywright.HashText(broken), PublicID: "000000000000"})
	if v := verify(t, a, keywright.Ask{Key: keywright.NewSecret(broken), Keyspace: "default"}); v.Code != keywright.Malformed {
		t.Errorf("got %s", v.Code)
	}
}

func TestIdempotencyKey(t *testing.T) {
	a, c := open(t)
	q := authority.IssueRequest{Name: "once", IdempotencyKey: "k1"}
	first := issue(t, a, q)
	again := issue(t, a, q)
	if !again.Repeated || !again.Key.IsZero() || again.Record.ID != first.Record.ID {
		t.Errorf("a repeat gave %+v", again)
	}
	other := q
	other.Name = "twice"
	_, err := a.Issue(ctx, admin, other)
	wantError(t, err, authority.Conflicting, "Idempotency-Key")
	if else_, err := a.Issue(ctx, authority.Operator("somebody", authority.Origin{}), q); err != nil || else_.Record.ID == first.Record.ID {
		t.Errorf("another caller's key of the same name: %v", err)
	}
	c.advance(24 * time.Hour)
	if late := issue(t, a, q); late.Repeated {
		t.Error("the answer outlived 24 hours")
	}
}

func TestIdempotentRequestsAtTheSameTime(t *testing.T) {
	a, _ := open(t)
	ids := make([]keywright.KeyID, 20)
	shown := make([]bool, len(ids))
	var wait sync.WaitGroup
	for i := range ids {
		wait.Go(func() {
			issued, err := a.Issue(ctx, admin, authority.IssueRequest{IdempotencyKey: "k"})
			if err != nil {
				t.Error(err)
			}
			ids[i], shown[i] = issued.Record.ID, !issued.Key.IsZero()
		})
	}
	wait.Wait()
	slices.SortFunc(ids, func(a, b keywright.KeyID) int { return slices.Compare(a[:], b[:]) })
	if len(slices.Compact(ids)) != 1 {
		t.Error("the request was done more than once")
	}
	if n := len(slices.DeleteFunc(shown, func(b bool) bool { return !b })); n != 1 {
		t.Errorf("the key was shown %d times", n)
	}
}

func TestIssueMany(t *testing.T) {
	a, _ := open(t)
	requests := func(yield func(authority.IssueRequest) bool) {
		for i := range 12_000 {
			q := authority.IssueRequest{Name: fmt.Sprint("n", i)}
			if i%5000 == 7 {
				q.Scopes = []string{"not a scope"}
			}
			if !yield(q) {
				return
			}
		}
	}
	i, bad := 0, 0
	seen := map[string]bool{}
	err := a.IssueMany(ctx, admin, requests, func(issued authority.Issued, err error) error {
		var e *authority.Error
		switch {
		case errors.As(err, &e) && e.Field == "scopes[0]":
			bad++
		case err != nil:
			return err
		case issued.Record.Name != fmt.Sprint("n", i):
			t.Errorf("out of order: %s at %d", issued.Record.Name, i)
		default:
			seen[issued.Key.Reveal()] = true
		}
		i++
		return nil
	})
	if err != nil || i != 12_000 || bad != 3 || len(seen) != 11_997 {
		t.Fatalf("%v: %d results, %d bad, %d different keys", err, i, bad, len(seen))
	}
	for key := range seen {
		if v := verify(t, a, keywright.Ask{Key: keywright.NewSecret(key), Keyspace: "default"}); !v.Valid() {
			t.Fatal(v.Code)
		}
	}
	report, err := a.VerifyChain(ctx, admin)
	if err != nil || report.Broken != nil || report.Events != 11_997+2 {
		t.Errorf("chain: %+v, %v", report, err)
	}
}

// A conflict within a chunk fails the request that meets it, not its neighbours.
func TestIssueManyWithADuplicate(t *testing.T) {
	a, _ := open(t)
	hash := keywright.HashText("made elsewhere")
	requests := slices.Values([]authority.IssueRequest{
		{Name: "a"}, {Name: "b", Hash: hash, PublicID: "b"}, {Name: "c", Hash: hash, PublicID: "c"}, {Name: "d"},
	})
	var errs []error
	if err := a.IssueMany(ctx, admin, requests, func(_ authority.Issued, err error) error {
		errs = append(errs, err)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if errs[0] != nil || errs[1] != nil || errs[3] != nil {
		t.Fatal(errs)
	}
	wantError(t, errs[2], authority.Conflicting, "hash")
}

// The fork of seam stores a hash of bytes; keys that it made go on working, and no other spelling of them does.
func TestRegisterAKeyWhoseHashCoversBytes(t *testing.T) {
	a, _ := open(t)
	fork, err := keywright.Preset("seam-v4")
	if err != nil {
		t.Fatal(err)
	}
	fork.Name, fork.Prefix = "secret", "mycompany"
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "fork", Formats: []keywright.Format{fork}}); err != nil {
		t.Fatal(err)
	}
	hash, err := keywright.ParseHash("EqrEJ1mg3RifmHL3rv2dRVuKuF43jqPbSqmhpuSeXxKF")
	if err != nil {
		t.Fatal(err)
	}
	issue(t, a, authority.IssueRequest{Keyspace: "fork", Hash: hash, PublicID: "25RbpSyxVex"})
	made := issue(t, a, authority.IssueRequest{Keyspace: "fork"})
	for key, want := range map[string]keywright.Code{
		"mycompany_25RbpSyxVex_Gp6TRzhNvYA5GonfggbvNU": keywright.Valid,
		made.Key.Reveal(): keywright.Valid,
		"mycompany_13DUyZY2dc_Gp6TRzhNvYA5GonfggbvNU":   keywright.NotFound, // the right secret under another public id
		"mycompany_25RbpSyxVex_1Gp6TRzhNvYA5GonfggbvNU": keywright.Malformed,
		"my_company_25RbpSyxVex_Gp6TRzhNvYA5GonfggbvNU": keywright.Malformed,
	} {
		if v := verify(t, a, keywright.Ask{Key: keywright.NewSecret(key), Keyspace: "fork"}); v.Code != want {
			t.Errorf("%s: got %s, want %s", key, v.Code, want)
		}
	}
}
