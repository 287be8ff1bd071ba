// SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/partner"
)

// exampleSigner is the public key of RFC 6979, A.2.5, which signed the examples.
const exampleSigner = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7
Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==
-----END PUBLIC KEY-----
`

const exampleGitLabToken = "glr-example"

// signer is a platform: it signs reports, and publishes its keys.
type signer struct {
	key        *ecdsa.PrivateKey
	identifier string
	web        *httptest.Server
	away       atomic.Bool
}

func newSigner(t testing.TB) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	s := &signer{key: key, identifier: identifierOf(text)}
	s.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if s.away.Load() {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"public_keys": []map[string]any{
			{"key_identifier": s.identifier, "key": text, "is_current": true},
			{"key_identifier": identifierOf(exampleSigner), "key": exampleSigner, "is_current": true},
		}})
	}))
	t.Cleanup(s.web.Close)
	return s
}

func identifierOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (s *signer) sign(t testing.TB, body string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	der, err := ecdsa.SignASN1(rand.Reader, s.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func (s *signer) keys(t testing.TB) *partner.Keys {
	t.Helper()
	k, err := partner.NewKeys(partner.Options{URL: s.web.URL})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// withPlatforms lets the platforms of the examples report.
func withPlatforms(t testing.TB) func(*Options) {
	s := newSigner(t)
	return func(o *Options) {
		o.Platforms = Platforms{GitHub: s.keys(t), GitLab: s.keys(t), GitLabToken: keywright.NewSecret(exampleGitLabToken)}
	}
}

func (h *house) report(s *signer, path, body string) answer {
	h.Helper()
	prefix := "Github"
	if path == api.PathLeaksGitLab {
		prefix = "Gitlab"
	}
	return h.send("POST", path, "", body, prefix+"-Public-Key-Identifier", s.identifier, prefix+"-Public-Key-Signature", s.sign(h, body))
}

func TestGitHubReportRevokes(t *testing.T) {
	s := newSigner(t)
	h := newHouse(t, func(o *Options) { o.Platforms.GitHub = s.keys(t) })
	key, id := h.key(authority.IssueRequest{Owner: "team_7"})
	body := encode([]map[string]string{
		{"token": key, "type": "something_else", "url": "https://github.com/o/r/blob/main/a", "source": "Commit"},
		{"token": "nobody's", "type": "acme_api_key", "url": ""},
	})
	for range 2 { // a replay changes nothing
		var labels []api.FoundLabel
		h.want(h.report(s, api.PathLeaksGitHub, body), 200, &labels)
		if len(labels) != 2 || labels[0].Label != api.LabelTrue || labels[1].Label != api.LabelFalse || labels[0].TokenType != "something_else" {
			t.Fatalf("%+v", labels)
		}
		sum := sha256.Sum256([]byte(key))
		if labels[0].TokenHash != hex.EncodeToString(sum[:]) {
			t.Fatal("the hash is not that of the token")
		}
	}
	var list api.LeakList
	h.want(h.send("GET", api.PathLeaks+"?owner=team_7&state=ended", h.root, ""), 200, &list)
	if len(list.Leaks) != 1 || list.Leaks[0].KeyID != id || list.Leaks[0].SightingsTotal != 1 || list.Leaks[0].TookMS == nil {
		t.Fatalf("%+v", list)
	}
	var report api.LeakReport
	h.want(h.send("GET", api.PathLeaks+"/"+list.Leaks[0].ID, h.root, ""), 200, &report)
	if report.Record.State != "revoked" || report.Receipt == nil || report.Sightings[0].Source != "commit" || report.Sightings[0].Reporter != "github" {
		t.Fatalf("%+v", report)
	}
	if n := len(report.Events); n < 3 || report.Events[n-3].Verb != "leak.report" || report.Events[n-1].Verb != "leak.end" {
		t.Fatalf("%+v", report.Events)
	}
	if strings.Contains(h.log.String(), key) {
		t.Fatal("the log holds the key")
	}
}

func TestReportOfAPlatformIsRefused(t *testing.T) {
	s := newSigner(t)
	h := newHouse(t, func(o *Options) { o.Platforms.GitHub = s.keys(t) })
	key, _ := h.key(authority.IssueRequest{})
	body := encode([]map[string]string{{"token": key}})
	signature := s.sign(t, body)
	send := func(body, identifier, signature string) answer {
		return h.send("POST", api.PathLeaksGitHub, "", body, api.HeaderGitHubIdentifier, identifier, api.HeaderGitHubSignature, signature)
	}
	for what, a := range map[string]answer{
		"another body":         send(body+" ", s.identifier, signature),
		"an unknown key":       send(body, "unknown", signature),
		"no signature":         send(body, s.identifier, ""),
		"no identifier":        send(body, "", signature),
		"not base64":           send(body, s.identifier, "!"),
		"another's signature":  send(body, identifierOf(exampleSigner), signature),
		"no list":              send(`{"token":1}`, s.identifier, s.sign(t, `{"token":1}`)),
		"what is cut off":      send(`[{"token":`, s.identifier, s.sign(t, `[{"token":`)),
		"a giant without sign": send(body+strings.Repeat(" ", 1<<20), s.identifier, signature),
	} {
		if p := h.wantProblem(a, api.InvalidInput); p.Hint == "" || strings.Contains(a.body, key) {
			t.Fatalf("%s: %+v", what, p)
		}
	}
	giant := body + strings.Repeat(" ", partner.MaxBody)
	h.wantProblem(send(giant, s.identifier, s.sign(t, giant)), api.TooLarge)
	if _, all := h.authority.LeakCounts(); all != 0 {
		t.Fatal("something was reported")
	}
	h.wantProblem(h.report(s, api.PathLeaksGitLab, body), api.NotFound) // not configured
}

// Where the public keys cannot be had, nothing is known of the report: it is not refused.
func TestReportWhileThePlatformIsAway(t *testing.T) {
	s := newSigner(t)
	s.away.Store(true)
	h := newHouse(t, func(o *Options) { o.Platforms.GitHub = s.keys(t) })
	h.wantProblem(h.report(s, api.PathLeaksGitHub, `[]`), api.Unavailable)
}

func TestRefusedReportsAreLimited(t *testing.T) {
	s := newSigner(t)
	h := newHouse(t, func(o *Options) { o.Platforms.GitHub = s.keys(t) })
	for range 20 {
		h.send("POST", api.PathLeaksGitHub, "", `[]`, api.HeaderGitHubIdentifier, s.identifier, api.HeaderGitHubSignature, "AA==")
	}
	h.wantProblem(h.report(s, api.PathLeaksGitHub, `[]`), api.TooManyRequests)
}

func TestGitLabReports(t *testing.T) {
	s := newSigner(t)
	h := newHouse(t, func(o *Options) {
		o.Platforms = Platforms{GitLab: s.keys(t), GitLabToken: keywright.NewSecret("glr-1")}
	})
	signed, _ := h.key(authority.IssueRequest{})
	h.want(h.report(s, api.PathLeaksGitLab, encode([]map[string]string{{"token": signed, "url": "https://gitlab.com/a"}})), 204, nil)
	own, _ := h.key(authority.IssueRequest{})
	body := encode([]map[string]string{{"token": own, "type": "x", "location": "https://gitlab.example.com/a"}})
	h.wantProblem(h.send("POST", api.PathLeaksGitLab, "", body, "Authorization", "glr-2"), api.Unauthenticated)
	h.want(h.send("POST", api.PathLeaksGitLab, "", body, "Authorization", "glr-1"), 204, nil)
	var list api.LeakList
	h.want(h.send("GET", api.PathLeaks, h.root, ""), 200, &list)
	if len(list.Leaks) != 2 || list.Leaks[0].Sightings[0].URL != "https://gitlab.example.com/a" || list.Leaks[0].Action != "revoked" {
		t.Fatalf("%+v", list)
	}
	var types api.TokenTypes
	h.want(h.send("GET", api.PathLeaksGitLab, "", "", "Authorization", "glr-1"), 200, &types)
	if len(types.Types) == 0 || !strings.HasPrefix(types.Types[0], "gitleaks_rule_id_") {
		t.Fatal(types)
	}
	h.wantProblem(h.send("GET", api.PathLeaksGitLab, "", ""), api.Unauthenticated)
}

func TestLeaksAreOnlyForThoseWhoMay(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	body := encode(map[string]any{"leaks": []map[string]string{{"key": key}}})
	h.wantProblem(h.send("POST", api.PathLeaks, h.serviceKey(authority.Rules{}, "leaks:read"), body), api.AccessDenied)
	h.want(h.send("POST", api.PathKeyspaces, h.root, `{"name":"elsewhere"}`), 201, nil)
	elsewhere := h.serviceKey(authority.Rules{Keyspaces: []string{"elsewhere"}}, "leaks:report", "leaks:read")
	var got api.LeakResponse
	h.want(h.send("POST", api.PathLeaks, elsewhere, body), 200, &got)
	if len(got.Results) != 1 || got.Results[0].Label != api.LabelFalse || got.Results[0].State != api.LeakUnknown || got.Results[0].Action != "none" {
		t.Fatalf("a key of another keyspace: %+v", got)
	}
	h.want(h.send("POST", api.PathLeaks, h.serviceKey(authority.Rules{}, "leaks:report"), body), 200, &got)
	if got.Results[0].Label != api.LabelTrue || got.Results[0].Action != "revoked" {
		t.Fatalf("%+v", got)
	}
	h.wantProblem(h.send("GET", api.PathLeaks+"/"+got.Results[0].LeakID, elsewhere, ""), api.NotFound)
	h.wantProblem(h.send("POST", api.PathLeaks, h.root, `{"leaks":[]}`), api.InvalidInput)
	h.wantProblem(h.send("POST", api.PathLeaks, h.root, `{"leaks":[{"url":"x"}]}`), api.InvalidInput)
}

// TestRevokeSelfAnswersAlike ends many keys at once; who holds none learns nothing.
func TestRevokeSelfAnswersAlike(t *testing.T) {
	h := newHouse(t)
	one, _ := h.key(authority.IssueRequest{})
	other, _ := h.key(authority.IssueRequest{})
	known := h.send("POST", api.PathRevokeSelf, "", encode(map[string]any{"keys": []string{one, other}}))
	unknown := h.send("POST", api.PathRevokeSelf, "", encode(map[string]any{"keys": []string{"nobody's", "neither"}}))
	again := h.send("POST", api.PathRevokeSelf, "", encode(map[string]any{"key": one}))
	if known.StatusCode != 202 || known.body != unknown.body || unknown.body != again.body || unknown.StatusCode != 202 || again.StatusCode != 202 {
		t.Fatal(known.StatusCode, known.body, unknown.StatusCode, unknown.body, again.body)
	}
	for _, key := range []string{one, other} {
		var v api.VerifyResponse
		h.want(h.send("POST", api.PathVerify, h.root, encode(map[string]string{"key": key, "keyspace": "default"})), 200, &v)
		if v.Code != keywright.Revoked {
			t.Fatal(v.Code)
		}
	}
	h.wantProblem(h.send("POST", api.PathRevokeSelf, "", `{"keys":[]}`), api.InvalidInput)
	h.wantProblem(h.send("POST", api.PathRevokeSelf, "", `{"key":"a","keys":["b"]}`), api.InvalidInput)
	h.wantProblem(h.send("POST", api.PathRevokeSelf, "", encode(map[string]any{"keys": slices.Repeat([]string{"x"}, 1001)})), api.InvalidInput)
}

// TestUntilStep rounds up what an answer takes.
func TestUntilStep(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		0: 100 * time.Millisecond, time.Millisecond: 99 * time.Millisecond, 100 * time.Millisecond: 100 * time.Millisecond, 250 * time.Millisecond: 50 * time.Millisecond,
	} {
		if got := untilStep(took); got != want {
			t.Errorf("after %v: %v, want %v", took, got, want)
		}
	}
}

func TestDecoyOverHTTP(t *testing.T) {
	h := newHouse(t)
	var issued api.IssueResponse
	h.want(h.send("POST", api.PathKeys, h.root, `{"decoy":{"planted":"the wiki of team 7"}}`), 201, &issued)
	if issued.Record.Decoy == nil || issued.Record.Decoy.Planted != "the wiki of team 7" {
		t.Fatalf("%+v", issued.Record)
	}
	decoy := h.send("POST", api.PathVerify, h.root, encode(map[string]string{"key": issued.Key.Reveal(), "keyspace": "default"}))
	var v api.VerifyResponse
	h.want(decoy, 200, &v)
	if v.Code != keywright.NotFound || v.Valid || !v.KeyID.IsZero() {
		t.Fatalf("%+v", v)
	}
	h.wantProblem(h.send("POST", api.PathKeys, h.root, `{"decoy":{"planted":""}}`), api.InvalidInput)
}

// A decoy that is exported, as lines or as a table, opens nothing where it is imported.
func TestDecoyIsExportedAsOne(t *testing.T) {
	for format, media := range map[string]string{"ndjson": api.MediaLines, "csv": api.MediaCSV} {
		from, to := newHouse(t), newHouse(t)
		var issued api.IssueResponse
		from.want(from.send("POST", api.PathKeys, from.root, `{"decoy":{"planted":"the wiki of team 7"}}`), 201, &issued)
		lines := from.send("GET", api.PathExport+"?keyspace=default&hashes=true&format="+format, from.root, "").body
		to.want(to.send("POST", api.PathImport+"?keyspace=default", to.root, lines, "Content-Type", media), 200, nil)
		var r api.Record
		to.want(to.send("GET", "/v1/keys/"+issued.Record.ID.String(), to.root, ""), 200, &r)
		if r.Decoy == nil || r.Decoy.Planted != "the wiki of team 7" {
			t.Errorf("%s: it became %+v", format, r)
		}
		var v api.VerifyResponse
		to.want(to.send("POST", api.PathVerify, to.root, encode(map[string]string{"key": issued.Key.Reveal(), "keyspace": "default"})), 200, &v)
		if v.Code != keywright.NotFound {
			t.Errorf("%s: there it is %s", format, v.Code)
		}
	}
}
