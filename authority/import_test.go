// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// lines makes a stream of requests.
func lines(requests ...authority.ImportRequest) iter.Seq2[authority.ImportRequest, error] {
	return func(yield func(authority.ImportRequest, error) bool) {
		for _, q := range requests {
			if !yield(q, nil) {
				return
			}
		}
	}
}

// bring imports and returns what became of each line.
func bring(t testing.TB, a *authority.Authority, o authority.ImportOptions, requests ...authority.ImportRequest) []authority.ImportResult {
	t.Helper()
	var results []authority.ImportResult
	totals, err := a.ImportMany(ctx, admin, o, lines(requests...), func(r []authority.ImportResult) error {
		results = append(results, r...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if totals.Lines != len(requests) || totals.Accepted+totals.Skipped+totals.Refused != totals.Lines || len(results) != len(requests) {
		t.Fatalf("%d results, totals %+v, of %d lines", len(results), totals, len(requests))
	}
	return results
}

// accepted imports and wants every line to be accepted.
func accepted(t testing.TB, a *authority.Authority, keyspace string, requests ...authority.ImportRequest) []authority.ImportResult {
	t.Helper()
	results := bring(t, a, authority.ImportOptions{Keyspace: keyspace}, requests...)
	for _, r := range results {
		if r.Outcome != authority.Accepted {
			t.Fatalf("line %d: %s, %v", r.Line, r.Outcome, r.Err)
		}
	}
	return results
}

// byHash is a request with one secret.
func byHash(s authority.ImportSecret) authority.ImportRequest {
	return authority.ImportRequest{Secrets: []authority.ImportSecret{s}}
}

// seamSpace makes a keyspace whose keys are prefix, public id and secret, and whose hashes cover the secret.
func seamSpace(t testing.TB, a *authority.Authority, policy *authority.Policy) {
	t.Helper()
	f, err := keywright.Preset("seam")
	if err != nil {
		t.Fatal(err)
	}
	f.Name, f.Prefix = "secret", "mycompany"
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "seam", Formats: []keywright.Format{f}, Policy: policy}); err != nil {
		t.Fatal(err)
	}
}

// opaqueSpace makes a keyspace of keys of any shape.
func opaqueSpace(t testing.TB, a *authority.Authority) {
	t.Helper()
	f, err := keywright.Preset("opaque")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "opaque", Formats: []keywright.Format{f}, Environments: []string{}}); err != nil {
		t.Fatal(err)
	}
}

const (
	seamKey    = "mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG" // of the test suite of npm's prefixed-api-key
	seamSecret = "51FwqftsmMDHHbJAMEXXHCgG"
	seamID     = "BRTRKFsL"
)

func TestHashesOfEveryKindVerifyAfterImport(t *testing.T) {
	pepper := []byte("a pepper from elsewhere")
	sum := sha256.Sum256([]byte(seamSecret))
	mac := hmac.New(sha256.New, pepper)
	mac.Write([]byte(seamSecret))
	slow, err := bcrypt.GenerateFromPassword([]byte(seamSecret), 4)
	if err != nil {
		t.Fatal(err)
	}
	salt := []byte("0123456789abcdef")
	raw := base64.RawStdEncoding
	argon := func(name string, derive func([]byte, []byte, uint32, uint32, uint8, uint32) []byte) string {
		return fmt.Sprintf("$%s$v=19$m=64,t=1,p=2$%s$%s", name, raw.EncodeToString(salt), raw.EncodeToString(derive([]byte(seamSecret), salt, 1, 64, 2, 32)))
	}
	covers := keywright.CoverSecret
	for name, s := range map[string]authority.ImportSecret{
		"hex":            {Hash: fmt.Sprintf("%x", sum)},
		"HEX":            {Hash: fmt.Sprintf("%X", sum), Encoding: "hex", Algorithm: "sha256"},
		"base64":         {Hash: base64.StdEncoding.EncodeToString(sum[:])},
		"base64url":      {Hash: base64.RawURLEncoding.EncodeToString(sum[:]), Encoding: "base64url"},
		"base58":         {Hash: keywright.Hash(sum).Base58(), Encoding: "base58"},
		"covers said":    {Hash: fmt.Sprintf("%x", sum), Covers: &covers},
		"hmac":           {Hash: fmt.Sprintf("%x", mac.Sum(nil)), Algorithm: "hmac-sha256", Pepper: "theirs"},
		"bcrypt":         {Hash: string(slow)},
		"bcrypt by name": {Hash: string(slow), Algorithm: "bcrypt"},
		"argon2id":       {Hash: argon("argon2id", argon2.IDKey)},
		"argon2i":        {Hash: argon("argon2i", argon2.Key), Algorithm: "argon2i"},
		"the key":        {Key: keywright.NewSecret(seamKey)},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := open(t)
			seamSpace(t, a, nil)
			if _, err := a.ImportPepper(ctx, admin, "theirs", pepper); err != nil {
				t.Fatal(err)
			}
			if s.Key.IsZero() {
				s.PublicID = seamID
			}
			q := byHash(s)
			q.Name, q.Scopes = "ci", []string{"a:b"}
			result := accepted(t, a, "seam", q)[0]
			ask := keywright.Ask{Key: keywright.NewSecret(seamKey), Keyspace: "seam", Scopes: []string{"a:b"}}
			for range 2 { // a slow hash is another one the second time
				for _, wrong := range []string{
					"mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgH", "mycompany_XXXXXXXX_51FwqftsmMDHHbJAMEXXHCgG", seamKey + "1",
				} {
					ask.Key = keywright.NewSecret(wrong)
					if v := verify(t, a, ask); v.Code != keywright.NotFound {
						t.Errorf("a wrong key is %s", v.Code)
					}
				}
				ask.Key = keywright.NewSecret(seamKey)
				if v := verify(t, a, ask); !v.Valid() || v.KeyID != result.ID || v.PublicID != seamID {
					t.Errorf("got %+v", v)
				}
			}
			if again := bring(t, a, authority.ImportOptions{Keyspace: "seam"}, q)[0]; again.Outcome != authority.Skipped || again.ID != result.ID {
				t.Errorf("the second import: %+v", again)
			}
		})
	}
}

func TestABadLineLeavesNothingAndStopsNothing(t *testing.T) {
	a, _ := open(t)
	seamSpace(t, a, nil)
	opaqueSpace(t, a)
	hash := func(n int) authority.ImportSecret {
		return authority.ImportSecret{Hash: keywright.HashText(fmt.Sprint("secret ", n)).String(), PublicID: fmt.Sprintf("id%06d", n)}
	}
	full := keywright.CoverFull
	own := accepted(t, a, "seam", byHash(hash(0)))[0].ID
	bad := []struct {
		field string
		q     authority.ImportRequest
	}{
		{"hash", authority.ImportRequest{}},
		{"hash", byHash(authority.ImportSecret{Hash: "sk_live_oops_this_is_a_key", PublicID: seamID})},
		{"public_id", byHash(authority.ImportSecret{Hash: hash(1).Hash})},
		{"hash", byHash(authority.ImportSecret{Hash: strings.Repeat("0", 64), PublicID: seamID})},
		{"hash", byHash(authority.ImportSecret{Hash: hash(1).Hash, Encoding: "base32", PublicID: seamID})},
		{"algorithm", byHash(authority.ImportSecret{Hash: hash(1).Hash, Algorithm: "md5", PublicID: seamID})},
		{"covers", byHash(authority.ImportSecret{Hash: hash(1).Hash, Covers: &full, PublicID: seamID})},
		{"pepper", byHash(authority.ImportSecret{Hash: hash(1).Hash, Algorithm: "hmac-sha256", Pepper: "nowhere", PublicID: seamID})},
		{"hash", byHash(authority.ImportSecret{Hash: "$2b$15$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234", PublicID: seamID})},
		{"hash", byHash(authority.ImportSecret{Hash: "$argon2id$v=19$m=999999,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg", PublicID: seamID})},
		{"key", byHash(authority.ImportSecret{Key: keywright.NewSecret("another_" + seamID + "_" + seamSecret)})},
		{"public_id", byHash(authority.ImportSecret{Key: keywright.NewSecret(seamKey), PublicID: "XXXXXXXX"})},
		{"key", byHash(authority.ImportSecret{Key: keywright.NewSecret(seamKey), Hash: hash(1).Hash})},
		{"name", authority.ImportRequest{IssueRequest: authority.IssueRequest{Name: "another"}, Secrets: []authority.ImportSecret{hash(0)}}},
		{"secrets", byHash(authority.ImportSecret{Hash: hash(0).Hash, PublicID: "id999999"})},   // of another record
		{"public_id", byHash(authority.ImportSecret{Hash: hash(2).Hash, PublicID: "id000000"})}, // likewise
		{"hash", byHash(hash(50))}, // of a line before
		{"name", authority.ImportRequest{IssueRequest: authority.IssueRequest{Name: "a\nb"}, Secrets: []authority.ImportSecret{hash(3)}}},
		{"environment", authority.ImportRequest{IssueRequest: authority.IssueRequest{Environment: "moon"}, Secrets: []authority.ImportSecret{hash(3)}}},
		{"keyspace", authority.ImportRequest{IssueRequest: authority.IssueRequest{Keyspace: "default"}, Secrets: []authority.ImportSecret{hash(3)}}},
		{"format", authority.ImportRequest{IssueRequest: authority.IssueRequest{Format: "none"}, Secrets: []authority.ImportSecret{hash(3)}}},
		{"parent", authority.ImportRequest{Parent: keywright.KeyID{1}, Secrets: []authority.ImportSecret{hash(3)}}},
		{"parent", authority.ImportRequest{ID: own, Parent: own, Secrets: []authority.ImportSecret{hash(3)}}},
		{"id", authority.ImportRequest{ID: own, Secrets: []authority.ImportSecret{hash(3)}}},
		{"id", authority.ImportRequest{ID: keywright.KeyID{1}, Secrets: []authority.ImportSecret{hash(3)}}},
		{"revoke_reason", authority.ImportRequest{Reason: "x", Secrets: []authority.ImportSecret{hash(3)}}},
		{"secrets", authority.ImportRequest{Secrets: make([]authority.ImportSecret, 11)}},
		{"secrets[1].expires_at", authority.ImportRequest{Secrets: []authority.ImportSecret{hash(3), hash(4)}}},
	}
	requests := []authority.ImportRequest{byHash(hash(50))}
	requests[0].Name = "the first with this hash"
	for i, b := range bad {
		requests = append(requests, b.q, byHash(hash(100+i)))
	}
	before := len(events(t, a))
	results := bring(t, a, authority.ImportOptions{Keyspace: "seam"}, requests...)
	for i, b := range bad {
		r, next := results[1+2*i], results[2+2*i]
		kind := authority.Invalid
		var e *authority.Error
		if errors.As(r.Err, &e) && e.Kind == authority.Conflicting {
			kind = authority.Conflicting
		}
		if r.Outcome != authority.Refused || r.Line != 2+2*i {
			t.Errorf("%d: line %d was %s", i, r.Line, r.Outcome)
			continue
		}
		wantError(t, r.Err, kind, b.field)
		for _, secret := range []string{"sk_live_oops", seamSecret} {
			if strings.Contains(fmt.Sprintf("%v %+v", r.Err, e), secret) {
				t.Errorf("%d: the error repeats a key", i)
			}
		}
		if next.Outcome != authority.Accepted {
			t.Errorf("%d: the line behind it was %s: %v", i, next.Outcome, next.Err)
		}
	}
	if r := results[2*16+1]; !strings.Contains(r.Err.Error(), "line 1") {
		t.Errorf("it does not say which line has the hash: %v", r.Err)
	}
	if n := len(events(t, a)) - before; n != 1 {
		t.Errorf("%d events for one transaction", n)
	}
	got, _, err := a.List(ctx, admin, authority.ListRequest{Keyspace: "seam", Limit: 1000})
	if err != nil || len(got) != 2+len(bad) {
		t.Errorf("%d records, want %d, %v", len(got), 2+len(bad), err)
	}
}

func TestAnImportLeavesOneEventThatNamesItsKeys(t *testing.T) {
	a, _ := open(t)
	opaqueSpace(t, a)
	var requests []authority.ImportRequest
	for i := range 3 {
		requests = append(requests, byHash(authority.ImportSecret{Hash: keywright.HashText(fmt.Sprint(i)).String()}))
	}
	results := accepted(t, a, "opaque", requests...)
	all := events(t, a)
	e := all[len(all)-1]
	h := sha256.New()
	for _, r := range results {
		h.Write(r.ID[:])
	}
	want := []string{"count 3", "first " + results[0].ID.String(), "last " + results[2].ID.String(), fmt.Sprintf("ids sha256 %x", h.Sum(nil))}
	if e.Verb != "key.import" || e.Target != "opaque" || strings.Join(e.Changes, "|") != strings.Join(want, "|") {
		t.Errorf("got %+v", e)
	}
	bring(t, a, authority.ImportOptions{Keyspace: "opaque"}, requests...)
	bring(t, a, authority.ImportOptions{Keyspace: "opaque", DryRun: true}, byHash(authority.ImportSecret{Hash: keywright.HashText("dry").String()}))
	if n := len(events(t, a)); n != len(all) {
		t.Errorf("a repeat and a dry run left %d events", n-len(all))
	}
	if v := verify(t, a, keywright.Ask{Key: keywright.NewSecret("dry"), Keyspace: "opaque"}); v.Code == keywright.Valid {
		t.Error("a dry run imported a key")
	}
}

func TestImportIsResumedByDoingItAgain(t *testing.T) {
	a, _ := open(t)
	opaqueSpace(t, a)
	var requests []authority.ImportRequest
	for i := range 25_000 {
		q := byHash(authority.ImportSecret{Hash: keywright.HashText(fmt.Sprint("a key of 16 and more ", i)).String()})
		q.Owner = fmt.Sprint("team_", i%100)
		requests = append(requests, q)
	}
	broken := errors.New("the connection broke")
	acknowledged := 0
	_, err := a.ImportMany(ctx, admin, authority.ImportOptions{Keyspace: "opaque"}, lines(requests...), func(r []authority.ImportResult) error {
		if acknowledged > 0 {
			return broken
		}
		acknowledged += len(r)
		return nil
	})
	if !errors.Is(err, broken) || acknowledged != 20_000 {
		t.Fatal(acknowledged, err)
	}
	n := map[authority.Outcome]int{}
	for _, r := range bring(t, a, authority.ImportOptions{Keyspace: "opaque"}, requests...) {
		n[r.Outcome]++
	}
	if n[authority.Refused] != 0 || n[authority.Skipped] < acknowledged || n[authority.Skipped]+n[authority.Accepted] != len(requests) {
		t.Errorf("the second time: %v", n)
	}
	for _, i := range []int{0, 19_999, 20_000, 24_999} {
		if v := verify(t, a, keywright.Ask{Key: keywright.NewSecret(fmt.Sprint("a key of 16 and more ", i)), Keyspace: "opaque"}); !v.Valid() {
			t.Error(i, v.Code)
		}
	}
}

func TestARecordThatWasChangedIsLeftAlone(t *testing.T) {
	a, _ := open(t)
	seamSpace(t, a, nil)
	q := byHash(authority.ImportSecret{Hash: keywright.HashText(seamSecret).String(), PublicID: seamID})
	id := accepted(t, a, "seam", q)[0].ID
	if _, err := a.Revoke(ctx, admin, id, "leaked"); err != nil {
		t.Fatal(err)
	}
	r := bring(t, a, authority.ImportOptions{Keyspace: "seam"}, q)[0]
	if r.Outcome != authority.Skipped || !r.Changed || r.ID != id {
		t.Errorf("got %+v", r)
	}
	if v := verify(t, a, keywright.Ask{Key: keywright.NewSecret(seamKey), Keyspace: "seam"}); v.Code != keywright.Revoked {
		t.Error(v.Code)
	}
}

func TestWhoMayImport(t *testing.T) {
	a, _ := open(t)
	opaqueSpace(t, a)
	hash := func(s string) authority.ImportRequest {
		return byHash(authority.ImportSecret{Hash: keywright.HashText(s).String()})
	}
	done := func([]authority.ImportResult) error { return nil }
	for _, scope := range []string{"keys:issue", "keys:write", "keys:export"} {
		key := issue(t, a, authority.IssueRequest{Keyspace: "keywright", Scopes: []string{scope}}).Key
		c, err := a.Authenticate(ctx, key, authority.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.ImportMany(ctx, c, authority.ImportOptions{Keyspace: "opaque"}, lines(hash(scope)), done)
		wantError(t, err, authority.Denied, "")
	}
	key := issue(t, a, authority.IssueRequest{Keyspace: "keywright", Scopes: []string{"keys:import"}, Rules: authority.Rules{Owner: "team_7"}}).Key
	c, err := a.Authenticate(ctx, key, authority.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	other := hash("other")
	other.Owner = "team_8"
	var results []authority.ImportResult
	if _, err := a.ImportMany(ctx, c, authority.ImportOptions{Keyspace: "opaque"}, lines(hash("own"), other), func(r []authority.ImportResult) error {
		results = r
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if results[0].Outcome != authority.Accepted || results[1].Outcome != authority.Refused {
		t.Errorf("got %+v", results)
	}
	if r, err := a.Get(ctx, admin, results[0].ID); err != nil || r.Owner != "team_7" {
		t.Error(r.Owner, err)
	}
	_, err = a.ImportMany(ctx, c, authority.ImportOptions{Keyspace: "keywright"}, lines(hash("service")), done)
	wantError(t, err, authority.Denied, "")
	if err := a.Export(ctx, c, authority.Filter{Keyspace: "opaque", All: true}, false, nil); err == nil {
		t.Error("who may import may export")
	}
}

func TestWhatIsExportedCanBeImported(t *testing.T) {
	from, clock := open(t)
	pepper := bytes.Repeat([]byte{7}, 32)
	if _, err := from.ImportPepper(ctx, admin, "p1", pepper); err != nil {
		t.Fatal(err)
	}
	seamSpace(t, from, &authority.Policy{Roles: map[string][]string{"reader": {"docs:read"}}})
	keys := map[string]keywright.Verdict{}
	remember := func(i authority.Issued) authority.Record {
		keys[i.Key.Reveal()] = keywright.Verdict{}
		return i.Record
	}
	plain := func(q authority.IssueRequest) authority.IssueRequest { q.Keyspace = "seam"; return q }
	parent := remember(issue(t, from, plain(authority.IssueRequest{Name: "parent", Owner: "o", Scopes: []string{"docs:*"}})))
	child, err := from.IssueChild(ctx, admin, parent.ID, authority.IssueRequest{Scopes: []string{"docs:read"}})
	if err != nil {
		t.Fatal(err)
	}
	remember(child)
	grandchild, err := from.IssueChild(ctx, admin, child.Record.ID, authority.IssueRequest{Scopes: []string{"docs:read"}})
	if err != nil {
		t.Fatal(err)
	}
	remember(grandchild)
	narrow := []string{"docs:write"}
	if _, err := from.Update(ctx, admin, parent.ID, authority.Update{Scopes: &narrow}); err != nil { // its children have more now
		t.Fatal(err)
	}
	rich := remember(issue(t, from, plain(authority.IssueRequest{
		Name: "=cmd|' /C calc'!A0", Owner: "o", Environment: "test", Roles: []string{"reader"}, Metadata: []byte(`{"a":[1]}`),
		Limits:  []authority.Limit{{Name: "requests", Limit: 5, Window: time.Minute, Auto: true}},
		Credits: &authority.CreditsRequest{Remaining: 7, Refill: &authority.Refill{Amount: 3, Day: 1, Mode: authority.RefillAdd}},
		Rules:   authority.Rules{Methods: []string{"GET"}}, ExpiresIn: time.Hour, NotBefore: start.Add(-time.Hour),
	})))
	rotated := issue(t, from, plain(authority.IssueRequest{Name: "rotated"}))
	remember(rotated)
	again, err := from.Rotate(ctx, admin, rotated.Record.ID, authority.RotateRequest{Grace: &authority.Grace{AtMost: time.Hour, Idle: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	remember(again)
	revoked := remember(issue(t, from, plain(authority.IssueRequest{Name: "revoked"})))
	disabled := remember(issue(t, from, plain(authority.IssueRequest{Name: "disabled"})))
	if _, err := from.Revoke(ctx, admin, revoked.ID, "leaked"); err != nil {
		t.Fatal(err)
	}
	if _, err := from.Disable(ctx, admin, disabled.ID); err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, pepper)
	mac.Write([]byte(seamSecret))
	accepted(t, from, "seam", byHash(authority.ImportSecret{Hash: fmt.Sprintf("%x", mac.Sum(nil)), Algorithm: "hmac-sha256", Pepper: "p1", PublicID: seamID}))
	keys[seamKey] = keywright.Verdict{}
	slow, err := bcrypt.GenerateFromPassword([]byte(seamSecret), 4)
	if err != nil {
		t.Fatal(err)
	}
	accepted(t, from, "seam", byHash(authority.ImportSecret{Hash: string(slow), PublicID: "SLoWid99"}))
	keys["mycompany_SLoWid99_"+seamSecret] = keywright.Verdict{}

	var taken []authority.ImportRequest
	err = from.Export(ctx, admin, authority.Filter{Keyspace: "seam", All: true}, true, func(e *authority.Exported) error {
		taken = append(taken, again0(e))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	to, other := open(t)
	if _, err := to.ImportPepper(ctx, admin, "p1", pepper); err != nil {
		t.Fatal(err)
	}
	seamSpace(t, to, &authority.Policy{Roles: map[string][]string{"reader": {"docs:read"}}})
	accepted(t, to, "seam", taken...)
	for i, r := range bring(t, to, authority.ImportOptions{Keyspace: "seam"}, taken...) {
		if r.Outcome != authority.Skipped || r.ID != taken[i].ID {
			t.Errorf("line %d again: %s, %v", r.Line, r.Outcome, r.Err)
		}
	}
	for _, r := range bring(t, from, authority.ImportOptions{Keyspace: "seam"}, taken...) {
		if r.Outcome != authority.Skipped {
			t.Errorf("line %d back where it came from: %s, %v", r.Line, r.Outcome, r.Err)
		}
	}
	if clock.now() != other.now() {
		t.Fatal("the clocks differ")
	}
	for key := range keys {
		ask := keywright.Ask{Key: keywright.NewSecret(key), Keyspace: "seam", Method: "GET", Include: []string{"name", "metadata", "limits"}, DryRun: true}
		want, got := verify(t, from, ask), verify(t, to, ask)
		if want.KeyID.IsZero() || !cmp.Equal(want, got) {
			t.Error(cmp.Diff(want, got))
		}
	}
	r, err := to.Get(ctx, admin, rich.ID)
	if err != nil || r.Name != rich.Name || string(r.Metadata) != `{"a":[1]}` || !r.Created.Equal(rich.Created) {
		t.Errorf("%+v, %v", r, err)
	}
}

// again0 makes of what was exported what is imported.
func again0(e *authority.Exported) authority.ImportRequest {
	r := e.Record
	q := authority.ImportRequest{
		ID: r.ID, Parent: r.Parent, Created: r.Created, Disabled: r.Disabled, Revoked: r.Revoked, Reason: r.Reason,
		IssueRequest: authority.IssueRequest{
			Keyspace: r.Keyspace, Format: r.Format, Environment: r.Environment, Name: r.Name, Owner: r.Owner, Scopes: r.Scopes,
			Roles: r.Roles, Limits: r.Limits, Credits: e.Credits, Metadata: r.Metadata, Rules: r.Rules, NotBefore: r.NotBefore, ExpiresAt: r.Expires,
		},
	}
	for _, s := range r.Secrets {
		in := authority.ImportSecret{
			Hash: s.Hash.String(), Algorithm: s.Algorithm(), Pepper: s.Pepper, Covers: &e.Covers, PublicID: s.PublicID,
			Created: s.Created, Expires: s.Expires, Grace: s.Grace, Idle: s.Idle,
		}
		if s.Slow != "" {
			in.Hash = s.Slow
		}
		q.Secrets = append(q.Secrets, in)
	}
	return q
}

func TestHashesLeaveOnlyWithTheirScope(t *testing.T) {
	a, _ := open(t)
	issued := issue(t, a, authority.IssueRequest{})
	key := issue(t, a, authority.IssueRequest{Keyspace: "keywright", Scopes: []string{"keys:export"}}).Key
	c, err := a.Authenticate(ctx, key, authority.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	all := authority.Filter{All: true}
	wantError(t, a.Export(ctx, c, all, true, func(*authority.Exported) error { t.Error("a record left"); return nil }), authority.Denied, "")
	n := 0
	if err := a.Export(ctx, c, all, false, func(e *authority.Exported) error {
		n++
		if e.Record.ID != issued.Record.ID || !e.Record.Secrets[0].Hash.IsZero() || e.Record.Secrets[0].Slow != "" {
			t.Errorf("got %+v", e)
		}
		return nil
	}); err != nil || n != 1 {
		t.Error(n, err)
	}
	list := events(t, a)
	if e := list[len(list)-1]; e.Verb != "key.export" || e.Actor == "test" {
		t.Errorf("the event is %+v", e)
	}
}

func TestAnOldSecretVerifiesUntilItsEnd(t *testing.T) {
	a, clock := open(t)
	opaqueSpace(t, a)
	hash := func(s string) string { return keywright.HashText(s).String() }
	accepted(t, a, "opaque", authority.ImportRequest{Secrets: []authority.ImportSecret{
		{Hash: hash("the current secret")}, {Hash: hash("the one before it"), Expires: start.Add(time.Hour)}, {Hash: hash("one that has ended"), Expires: start.Add(-time.Hour)},
	}})
	look := func(key string, want keywright.Code) {
		t.Helper()
		if v := verify(t, a, keywright.Ask{Key: keywright.NewSecret(key), Keyspace: "opaque"}); v.Code != want {
			t.Errorf("%s: %s, want %s", key, v.Code, want)
		}
	}
	look("the current secret", keywright.Valid)
	look("the one before it", keywright.Valid)
	look("one that has ended", keywright.Expired)
	clock.advance(2 * time.Hour)
	look("the current secret", keywright.Valid)
	look("the one before it", keywright.Expired)
}
