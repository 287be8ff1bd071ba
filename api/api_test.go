// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

const secret = "acme_live_canary"

// TestKeyShowsItselfOnTheWireAlone prints a key in every way and encodes it in the one that reveals.
func TestKeyShowsItselfOnTheWireAlone(t *testing.T) {
	k := api.NewKey(keywright.NewSecret(secret))
	inside := struct {
		Key  api.Key
		Keys []api.Key
		key  api.Key
	}{k, []api.Key{k}, k}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{k, &k, inside, &inside} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "canary") || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s of %T: %s", verb, v, text)
			}
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", k)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", k, slog.Group("g", "key", k))
	if strings.Contains(log.String(), "canary") || !strings.Contains(log.String(), "[secret]") {
		t.Errorf("log: %s", log.String())
	}
	b, err := json.Marshal(api.VerifyRequest{Key: k})
	if err != nil || string(b) != `{"key":"`+secret+`"}` {
		t.Errorf("%s %v", b, err)
	}
	var back api.VerifyRequest
	if err := json.Unmarshal(b, &back); err != nil || back.Key.Reveal() != secret {
		t.Errorf("read back: %v", err)
	}
}

// TestDuration reads what people write, and writes what is read again.
func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "24h": 24 * time.Hour, "30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "0": 0, "0s": 0, "1.5h": 90 * time.Minute,
		"-1h": -time.Hour, "106751d": 106751 * 24 * time.Hour,
	} {
		d, err := api.ParseDuration(text)
		if err != nil || d.Duration() != want {
			t.Errorf("%s: %v, %v", text, d, err)
		}
		if again, err := api.ParseDuration(d.String()); err != nil || again != d {
			t.Errorf("%s is written %s, and read as %v, %v", text, d, again, err)
		}
	}
	for _, text := range []string{"", "d", "1", "1w", "1dd", "+1d", "-1d", "1d-1h", "1d+1h", "106752d", "106751d24h", "99999999999d", "1 d", "d1h", "1d1d"} {
		if d, err := api.ParseDuration(text); err == nil {
			t.Errorf("%q is read as %v", text, d)
		}
	}
	if d := api.Duration(24 * time.Hour); d.String() != "24h" {
		t.Errorf("a day is written %s", d)
	}
}

// FuzzParseDuration reads back what it writes, and never repeats its input.
func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"30d", "1d12h", "24h", "-5m", "106751d23h47m16.854775807s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := api.ParseDuration(s)
		if err != nil {
			if len(s) > 3 && strings.Contains(err.Error(), s) && !strings.Contains("not a duration: use text such as 90s, 24h or 30d", s) {
				t.Fatalf("the error repeats %q", s)
			}
			return
		}
		if again, err := api.ParseDuration(d.String()); err != nil || again != d {
			t.Fatalf("%q is %s, which is %v, %v", s, d, again, err)
		}
	})
}

// TestPatch tells absent from null from empty, in both directions.
func TestPatch(t *testing.T) {
	empty, text, list := "", "x", []string{}
	for body, want := range map[string]api.KeyPatch{
		`{}`:                   {},
		`{"name":null}`:        {Name: &empty},
		`{"name":""}`:          {Name: &empty},
		`{"name":"x"}`:         {Name: &text},
		`{"scopes":[]}`:        {Scopes: &list},
		`{"expires_at":null}`:  {ExpiresAt: &api.Time{}},
		`{"expires_at":""}`:    {ExpiresAt: &api.Time{}},
		`{"metadata":null}`:    {Metadata: new(json.RawMessage)},
		`{"metadata":{"a":1}}`: {Metadata: raw(`{"a":1}`)},
		`{"roles":null}`:       {Roles: new([]string)},
		`{"limits":[{"name":"a","limit":1,"window":"1m","auto":true}]}`: {Limits: &[]api.Limit{{Name: "a", Limit: 1, Window: api.Duration(time.Minute), Auto: true}}},
		`{"credits":null}`:                      {Credits: &api.CreditsPatch{}},
		`{"credits":{"remaining":0}}`:           {Credits: &api.CreditsPatch{Remaining: new(int64)}},
		`{"credits":{"refill":null}}`:           {Credits: &api.CreditsPatch{Refill: &api.Refill{}}},
		`{"not_before":"2030-01-01T00:00:00Z"}`: {NotBefore: &api.Time{Time: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}},
	} {
		var got api.KeyPatch
		if err := json.Unmarshal([]byte(body), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
		b, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var again api.KeyPatch
		if err := json.Unmarshal(b, &again); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%s is written %s", body, b)
		}
	}
	var scopes api.KeyPatch
	if err := json.Unmarshal([]byte(`{"scopes":null}`), &scopes); err != nil || scopes.Scopes == nil || len(*scopes.Scopes) != 0 {
		t.Errorf("%+v, %v", scopes, err)
	}
	var k api.KeyspacePatch
	if err := json.Unmarshal([]byte(`{"policy":null}`), &k); err != nil || k.Policy == nil || k.Formats != nil {
		t.Errorf("%+v, %v", k, err)
	}
}

func raw(s string) *json.RawMessage {
	r := json.RawMessage(s)
	return &r
}

// TestFormat resolves what is given over a preset, and writes every format so that it is read as it was.
func TestFormat(t *testing.T) {
	for body, check := range map[string]func(keywright.Format) bool{
		`{"name":"secret","preset":"keywright","prefix":"acme"}`: func(f keywright.Format) bool {
			return f.Name == "secret" && f.Prefix == "acme" && f.Environment == "live" && f.Checksum == keywright.CRC32
		},
		`{"prefix":"acme","environment":"none","checksum":"none"}`: func(f keywright.Format) bool {
			return f.Environment == "" && f.Checksum == keywright.NoChecksum && f.ID.Chars == 12
		},
		`{"prefix":"acme","id":{"encoding":"none"}}`:            func(f keywright.Format) bool { return f.ID.None() },
		`{"preset":"alphanumeric","prefix":""}`:                 func(f keywright.Format) bool { return f.Prefix == "" },
		`{"prefix":"a","secret":{"encoding":"hex","bytes":32}}`: func(f keywright.Format) bool { return f.Secret.Bytes == 32 && f.Preset == "" && f.ID.None() },
	} {
		var w api.Format
		if err := json.Unmarshal([]byte(body), &w); err != nil {
			t.Fatal(err)
		}
		f, err := w.Resolve()
		if err == nil {
			f, err = f.Normalize()
		}
		if err != nil || !check(f) {
			t.Errorf("%s: %+v, %v", body, f, err)
		}
	}
	for _, preset := range keywright.Presets() {
		f, err := keywright.Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(api.FormatOf(f))
		if err != nil {
			t.Fatal(err)
		}
		var w api.Format
		if err := json.Unmarshal(b, &w); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		got, err := w.Resolve()
		if err == nil {
			got, err = got.Normalize()
		}
		if err != nil || got != f {
			t.Errorf("%s: %+v, want %+v: %v", preset, got, f, err)
		}
	}
}

// TestVerdictRoundTrip sends an ask and a verdict over the wire and back.
func TestVerdictRoundTrip(t *testing.T) {
	ask := keywright.Ask{
		Key: keywright.NewSecret(secret), Keyspace: "acme", Environment: "live", Scopes: []string{"a"}, ScopeExpr: "a OR b",
		ClientIP: netip.MustParseAddr("192.0.2.1"), Method: "GET", Path: "/", Origin: "https://a.example", Include: []string{"name"}, Explain: true, DryRun: true,
		Tags: []string{"route=a"}, Cost: 3, Limits: []keywright.AskLimit{{Name: "exports", Cost: 2}, {Name: "own", Limit: 10, Window: time.Hour, Burst: 4}},
	}
	var q api.VerifyRequest
	over(t, api.VerifyRequestOf(ask), &q)
	got := q.Ask()
	if !got.Key.Equal(ask.Key) {
		t.Error("the key differs")
	}
	got.Key, ask.Key = keywright.Secret{}, keywright.Secret{}
	if !reflect.DeepEqual(got, ask) {
		t.Errorf("%+v, want %+v", got, ask)
	}
	credits, tight := int64(7), keywright.LimitState{
		Name: "requests", Of: "key", Limit: 20, Window: time.Minute, Amount: 100, Remaining: 2, Reset: 1800 * time.Millisecond, RetryAfter: 600 * time.Millisecond,
	}
	wide := keywright.LimitState{Name: "all", Of: "keyspace", Limit: 5, Window: time.Second, Amount: 5, Remaining: 5, RetryAfter: -1}
	verdict := keywright.Verdict{
		Code: keywright.InsufficientScope, KeyID: keywright.KeyID{1}, PublicID: "p", Keyspace: "acme", Format: "secret", Environment: "live", Owner: "o",
		Scopes: []string{"a"}, ExpiresAt: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), Missing: []string{"b"},
		Previous: true, Limit: tight,
		Detail: &keywright.Detail{Name: "n", Metadata: []byte(`{"a":1}`), Limits: []keywright.LimitState{tight, wide, tight}, Credits: &credits, Checks: []keywright.Check{{Code: keywright.Valid, OK: true}}},
	}
	var r api.VerifyResponse
	over(t, api.VerifyResponseOf(verdict, time.Unix(0, 0)), &r)
	if back := r.Verdict(); !reflect.DeepEqual(back, verdict) {
		t.Errorf("%+v, want %+v", back, verdict)
	}
}

func over(t *testing.T, from, to any) {
	t.Helper()
	b, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCodes has a whole row for every code.
func TestCodes(t *testing.T) {
	statuses := map[int]api.Code{}
	particular := []api.Code{api.KeyInvalid, api.KeyForbidden, api.SessionEnded, api.CrossSite} // which only clients of a proxy and browsers meet: they share a status
	for _, c := range api.Codes() {
		if c.Status() < 400 || c.Title() == "" || c.Exit() < api.ExitRefused || c.Exit() > api.ExitNoAnswer {
			t.Errorf("%s: %d, %d, %q", c, c.Status(), c.Exit(), c.Title())
		}
		if p := api.NewProblem(c, "f", "d", "h"); p.Error() != "d: h" || p.Status != c.Status() {
			t.Errorf("%+v", p)
		}
		if slices.Contains(particular, c) {
			continue
		}
		first, shared := statuses[c.Status()]
		if shared && c != api.ClientCertificateRequired {
			t.Errorf("%s and %s have one status", c, first)
		}
		if !shared {
			statuses[c.Status()], first = c, c
		}
		if api.CodeOf(c.Status()) != first {
			t.Errorf("%d is %s, not %s", c.Status(), api.CodeOf(c.Status()), first)
		}
	}
	if api.Code("new").Status() != 500 || api.CodeOf(502) != api.Unavailable || api.CodeOf(418) != api.InvalidInput {
		t.Error("what is not known is mapped wrongly")
	}
}
