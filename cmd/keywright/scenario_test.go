// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
)

// fields are those of a request, under the names that the API has for them.
type fields map[string]any

// A step is one thing that somebody asks for. A verify wants a code, a bulk the number of keys, an import what became of its
// line, an export how many records there are and how many hashes they show; everything else wants to be done, or "refused".
type step struct {
	do   string // issue, verify, update, credits, disable, enable, revoke, rotate, end-grace, child, bulk, import, export, wait
	key  string // the name of a key within its scenario
	as   string // the name of the key that a rotate or child makes
	with fields
	want string
}

// A scenario is what happens, and exactly which events it leaves.
type scenario struct {
	name   string
	steps  []step
	events []string
}

const hour = api.Duration(time.Hour)

var scenarios = []scenario{
	{"from issue to refusal", []step{
		{do: "issue", key: "ci", with: fields{"name": "ci", "scopes": []string{"invoices:read"}}},
		{do: "verify", key: "ci", with: fields{"scopes": []string{"invoices:read"}, "environment": "live"}, want: "VALID"},
		{do: "revoke", key: "ci", with: fields{"reason": "left"}},
		{do: "verify", key: "ci", want: "REVOKED"},
		{do: "revoke", key: "ci"},
		{do: "enable", key: "ci", want: "refused"},
	}, []string{"key.issue", "key.revoke"}},
	{"disabled and enabled", []step{
		{do: "issue", key: "k"},
		{do: "disable", key: "k"},
		{do: "verify", key: "k", want: "DISABLED"},
		{do: "disable", key: "k"},
		{do: "enable", key: "k"},
		{do: "verify", key: "k", want: "VALID"},
	}, []string{"key.issue", "key.disable", "key.enable"}},
	{"a life with a beginning and an end", []step{
		{do: "issue", key: "k", with: fields{"not_before": "2026-03-01T13:00:00Z", "expires_at": "2026-03-01T14:00:00Z"}},
		{do: "verify", key: "k", want: "NOT_YET_VALID"},
		{do: "wait", with: fields{"for": time.Hour}},
		{do: "verify", key: "k", want: "VALID"},
		{do: "wait", with: fields{"for": time.Hour}},
		{do: "verify", key: "k", want: "EXPIRED"},
	}, []string{"key.issue"}},
	{"test and live", []step{
		{do: "issue", key: "k", with: fields{"environment": "test"}},
		{do: "verify", key: "k", with: fields{"environment": "test"}, want: "VALID"},
		{do: "verify", key: "k", with: fields{"environment": "live"}, want: "FORBIDDEN"},
		{do: "issue", key: "x", with: fields{"environment": "nowhere"}, want: "refused"},
	}, []string{"key.issue"}},
	{"tags, which change no verdict", []step{
		{do: "issue", key: "k", with: fields{"scopes": []string{"users:read"}}},
		{do: "verify", key: "k", with: fields{"tags": []string{"route=invoices", "team/7"}}, want: "VALID"},
		{do: "verify", key: "k", with: fields{"tags": []string{"a"}, "scopes": []string{"users:write"}}, want: "INSUFFICIENT_SCOPE"},
		{do: "verify", key: "k", with: fields{"tags": []string{"two words"}}, want: "refused"},
		{do: "verify", key: "k", with: fields{"tags": []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}}, want: "refused"},
	}, []string{"key.issue"}},
	{"scopes, wide and narrowed", []step{
		{do: "issue", key: "k", with: fields{"scopes": []string{"documents.*", "users:read"}}},
		{do: "verify", key: "k", with: fields{"scopes": []string{"documents.a.b", "users:read"}}, want: "VALID"},
		{do: "verify", key: "k", with: fields{"scopes": []string{"users:write"}}, want: "INSUFFICIENT_SCOPE"},
		{do: "verify", key: "k", with: fields{"scope_expr": "users:write OR documents.a"}, want: "VALID"},
		{do: "verify", key: "k", with: fields{"scope_expr": "users:write AND documents.a"}, want: "INSUFFICIENT_SCOPE"},
		{do: "verify", key: "k", with: fields{"scopes": []string{"documents.*"}}, want: "refused"},
		{do: "update", key: "k", with: fields{"scopes": []string{"users:read"}}},
		{do: "verify", key: "k", with: fields{"scopes": []string{"documents.a"}}, want: "INSUFFICIENT_SCOPE"},
		{do: "update", key: "k", with: fields{"scopes": []string{"users:read"}}},
	}, []string{"key.issue", "key.update"}},
	{"bound to networks, origins, methods and paths", []step{
		{do: "issue", key: "k", with: fields{
			"allowed_networks": []string{"10.0.0.0/8"}, "allowed_origins": []string{"https://app.example.com"},
			"allowed_methods": []string{"GET"}, "allowed_paths": []string{"/v1/invoices"},
		}},
		{do: "verify", key: "k", want: "FORBIDDEN"},
		{do: "verify", key: "k", want: "VALID", with: fields{
			"client_ip": "10.1.2.3", "origin": "https://app.example.com", "method": "GET", "path": "/v1/invoices/7",
		}},
		{do: "verify", key: "k", want: "FORBIDDEN", with: fields{
			"client_ip": "10.1.2.3", "origin": "https://app.example.com", "method": "GET", "path": "/v1/invoices/../users",
		}},
		{do: "verify", key: "k", want: "FORBIDDEN", with: fields{
			"client_ip": "192.0.2.1", "origin": "https://app.example.com", "method": "GET", "path": "/v1/invoices",
		}},
	}, []string{"key.issue"}},
	{"never issued, mistyped, of another keyspace", []step{
		{do: "issue", key: "other", with: fields{"keyspace": "other"}},
		{do: "verify", key: "stranger", want: "NOT_FOUND"},
		{do: "verify", key: "mistyped", want: "MALFORMED"},
		{do: "verify", key: "other", want: "NOT_FOUND"},
		{do: "verify", key: "other", with: fields{"keyspace": "other"}, want: "VALID"},
		{do: "verify", key: "service", want: "MALFORMED"},
	}, []string{"key.issue"}},
	{"registered by its hash", []step{
		{do: "issue", key: "seam", with: fields{
			"keyspace": "myapp", "public_id": "BRTRKFsL", "hash": "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37",
		}},
		{do: "verify", key: "seam", with: fields{"keyspace": "myapp"}, want: "VALID"},
		{do: "verify", key: "evil", with: fields{"keyspace": "myapp"}, want: "MALFORMED"},
		{do: "verify", key: "moved", with: fields{"keyspace": "myapp"}, want: "NOT_FOUND"},
		{do: "issue", key: "again", with: fields{
			"keyspace": "myapp", "public_id": "BRTRKFsM", "hash": "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37",
		}, want: "refused"},
		{do: "revoke", key: "seam"},
		{do: "verify", key: "seam", with: fields{"keyspace": "myapp"}, want: "REVOKED"},
	}, []string{"key.register", "key.revoke"}},
	{"limits", []step{
		{do: "issue", key: "k", with: fields{"limits": []api.Limit{
			{Name: "requests", Limit: 2, Window: hour, Auto: true}, {Name: "exports", Limit: 1, Window: 24 * hour},
		}}},
		{do: "verify", key: "k", want: "VALID"},
		{do: "verify", key: "k", with: fields{"limits": []api.AskLimit{{Name: "exports"}}}, want: "VALID"},
		{do: "verify", key: "k", want: "RATE_LIMITED"},
		{do: "wait", with: fields{"for": time.Hour}},
		{do: "verify", key: "k", with: fields{"limits": []api.AskLimit{{Name: "exports"}}}, want: "RATE_LIMITED"},
		{do: "verify", key: "k", with: fields{"cost": 2}, want: "VALID"},
		{do: "verify", key: "k", with: fields{"cost": 3}, want: "RATE_LIMITED"},
		{do: "verify", key: "k", with: fields{"limits": []api.AskLimit{{Name: "nothing"}}}, want: "refused"},
		{do: "verify", key: "k", with: fields{"cost": -1}, want: "refused"},
		{do: "update", key: "k", with: fields{"limits": []api.Limit{}}},
		{do: "verify", key: "k", with: fields{"cost": 1000}, want: "VALID"},
	}, []string{"key.issue", "key.update"}},
	{"of two limits all or none", []step{
		{do: "issue", key: "k", with: fields{"limits": []api.Limit{
			{Name: "requests", Limit: 1, Window: hour, Auto: true}, {Name: "exports", Limit: 2, Window: 240 * hour},
		}}},
		{do: "verify", key: "k", with: fields{"limits": []api.AskLimit{{Name: "exports"}}}, want: "VALID"},
		{do: "verify", key: "k", with: fields{"limits": []api.AskLimit{{Name: "exports"}}}, want: "RATE_LIMITED"},
		{do: "wait", with: fields{"for": time.Hour}},
		{do: "verify", key: "k", with: fields{"limits": []api.AskLimit{{Name: "exports"}}}, want: "VALID"}, // the refused one took nothing
		{do: "wait", with: fields{"for": time.Hour}},
		{do: "verify", key: "k", with: fields{"limits": []api.AskLimit{{Name: "exports"}}}, want: "RATE_LIMITED"},
		{do: "verify", key: "k", want: "VALID"},
	}, []string{"key.issue"}},
	{"credits, spent and filled up", []step{
		{do: "issue", key: "k", with: fields{"credits": api.CreditsRequest{Remaining: 3, Refill: &api.Refill{Amount: 2, Every: hour}}}},
		{do: "verify", key: "k", with: fields{"cost": 2}, want: "VALID"},
		{do: "verify", key: "k", with: fields{"cost": 2}, want: "CREDITS_EXHAUSTED"},
		{do: "verify", key: "k", want: "VALID"},
		{do: "verify", key: "k", want: "CREDITS_EXHAUSTED"},
		{do: "credits", key: "k", with: fields{"add": 1}},
		{do: "verify", key: "k", want: "VALID"},
		{do: "wait", with: fields{"for": time.Hour}},
		{do: "verify", key: "k", with: fields{"cost": 2}, want: "VALID"},
		{do: "credits", key: "k", with: fields{"take": 1}, want: "refused"},
		{do: "credits", key: "k", with: fields{"add": 1, "set": 1}, want: "refused"},
		{do: "revoke", key: "k"},
		{do: "verify", key: "k", want: "REVOKED"},
	}, []string{"key.issue", "credits.add", "credits.refill", "key.revoke"}},
	{"a keyspace with a policy", []step{
		{do: "issue", key: "a", with: fields{"keyspace": "strict"}, want: "refused"},
		{do: "issue", key: "b", with: fields{"keyspace": "strict", "owner": "o", "scopes": []string{"users:read"}}, want: "refused"},
		{do: "issue", key: "c", with: fields{"keyspace": "strict", "owner": "o", "roles": []string{"writer"}}, want: "refused"},
		{do: "issue", key: "k", with: fields{"keyspace": "strict", "owner": "o", "roles": []string{"reader"}}},
		{do: "verify", key: "k", with: fields{"keyspace": "strict", "scopes": []string{"invoices:read"}}, want: "VALID"},
		{do: "verify", key: "k", with: fields{"keyspace": "strict", "scopes": []string{"invoices:write"}}, want: "INSUFFICIENT_SCOPE"},
		{do: "issue", key: "two", with: fields{"keyspace": "strict", "owner": "o"}},
		{do: "verify", key: "two", with: fields{"keyspace": "strict"}, want: "VALID"},
		{do: "verify", key: "k", with: fields{"keyspace": "strict"}, want: "RATE_LIMITED"}, // its owner may ask twice
	}, []string{"key.issue", "key.issue"}},
	{"publishable keys read", []step{
		{do: "issue", key: "a", with: fields{"keyspace": "strict", "format": "publishable", "owner": "p", "scopes": []string{"invoices:write"}}, want: "refused"},
		{do: "issue", key: "k", with: fields{"keyspace": "strict", "format": "publishable", "owner": "p", "scopes": []string{"invoices:read", "invoices:count"}}},
		{do: "verify", key: "k", with: fields{"keyspace": "strict", "scopes": []string{"invoices:count"}}, want: "VALID"},
	}, []string{"key.issue"}},
	{"bad requests leave nothing", []step{
		{do: "issue", key: "a", with: fields{"scopes": []string{"not a scope"}}, want: "refused"},
		{do: "issue", key: "b", with: fields{"expires_at": "2020-01-01T00:00:00Z"}, want: "refused"},
		{do: "issue", key: "c", with: fields{"keyspace": "nowhere"}, want: "refused"},
		{do: "issue", key: "d", with: fields{"allowed_networks": []string{"10.0.0.1/8"}}, want: "refused"},
	}, nil},
}

// An entrance is a way to the authority.
type entrance interface {
	// issue returns the key, which is empty where a hash was registered, and its id.
	issue(t *testing.T, with fields) (key, id string, refused bool)
	verify(t *testing.T, key string, with fields) (code string, refused bool)
	act(t *testing.T, verb, id string, with fields) (refused bool)
	// rotate returns the new key.
	rotate(t *testing.T, id string, with fields) (key string, refused bool)
	// child makes a child with nothing but the parent key.
	child(t *testing.T, parent, parentID string, with fields) (key, id string, refused bool)
	// bulk does a verb to the keys of an owner and returns how many they were.
	bulk(t *testing.T, verb, owner string, dryRun bool) (count int, refused bool)
	// bring imports one line and returns its outcome.
	bring(t *testing.T, line api.ImportLine) (outcome string)
	// export returns how many records come, and how many hashes.
	export(t *testing.T, keyspace string, hashes bool) (records, shown int)
}

// A world is an authority with two keyspaces of its own beside the built-in ones.
type world struct {
	authority *authority.Authority
	url       string
	service   keywright.Secret
	clock     atomic.Int64
}

func (w *world) now() time.Time { return time.Unix(0, w.clock.Load()).UTC() }

var operator = authority.Operator("test", authority.Origin{})

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w := &world{}
	w.clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	if w.authority, err = authority.Open(ctx, authority.Options{Store: store, Clock: w.now, Random: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.authority.Close)
	same, err := keywright.Preset("keywright")
	if err != nil {
		t.Fatal(err)
	}
	same.Name, same.Prefix = "secret", "default"
	seam, err := keywright.Preset("seam")
	if err != nil {
		t.Fatal(err)
	}
	seam.Name, seam.Prefix = "secret", "myapp"
	for name, f := range map[string]keywright.Format{"other": same, "myapp": seam} {
		if _, err := w.authority.CreateKeyspace(ctx, operator, authority.KeyspaceRequest{Name: name, Formats: []keywright.Format{f}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.strict(); err != nil {
		t.Fatal(err)
	}
	issued, _, err := w.authority.FirstServiceKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	w.service = issued.Key
	s, err := server.New(server.Options{Authority: w.authority, MCP: new(serveFlags).mcp(nil)})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	w.url = h.URL
	return w
}

// strict makes a keyspace with a policy and two formats.
func (w *world) strict() error {
	secret, err := keywright.Preset("keywright")
	if err != nil {
		return err
	}
	secret.Name, secret.Prefix = "secret", "strict"
	public := secret
	public.Name, public.Prefix, public.Publishable = "publishable", "public", true
	_, err = w.authority.CreateKeyspace(context.Background(), operator, authority.KeyspaceRequest{
		Name: "strict", Formats: []keywright.Format{secret, public}, Policy: &authority.Policy{
			RequireOwner: true, AllowedScopes: []string{"invoices:*"}, Roles: map[string][]string{"reader": {"invoices:read"}},
			PublishableScopes: []string{"invoices:count"}, OwnerLimits: []authority.Limit{{Name: "all", Limit: 2, Window: time.Hour, Auto: true}},
		},
	})
	return err
}

// events returns the verbs of the whole chain.
func (w *world) events(t *testing.T) (verbs []string) {
	t.Helper()
	list, err := w.authority.Events(context.Background(), operator, authority.EventQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		switch e.Verb { // what comes by itself, within a second
		case "key.used_after_revoke", "key.used_after_expiry", "key.wrong_secret", "key.limit_reached", "key.credits_exhausted", "key.grace_ended":
		default:
			verbs = append(verbs, e.Verb)
		}
	}
	return verbs
}

// TestScenarios goes through every scenario by every door.
func TestScenarios(t *testing.T) {
	for name, open := range map[string]func(*testing.T, *world) entrance{
		"in process":   func(_ *testing.T, w *world) entrance { return inProcess{w} },
		"HTTP":         func(_ *testing.T, w *world) entrance { return overHTTP{w} },
		"client":       func(_ *testing.T, w *world) entrance { return byClient{w} },
		"command line": func(_ *testing.T, w *world) entrance { return typed{w} },
		"agent":        func(_ *testing.T, w *world) entrance { return byAgent{byClient{w}} },
		"forward auth": func(_ *testing.T, w *world) entrance { return byProxy{overHTTP{w}} },
		"ext_authz":    func(t *testing.T, w *world) entrance { return newEnvoy(t, w) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range slices.Concat(scenarios, rotations, moves) {
				t.Run(s.name, func(t *testing.T) {
					w := newWorld(t)
					s.play(t, w, open(t, w))
				})
			}
		})
	}
}

func (s scenario) play(t *testing.T, w *world, d entrance) {
	before := len(w.events(t))
	keys := map[string]string{
		"stranger": stranger(t, "default"), "service": w.service.Reveal(),
		"evil": "evil_XXXXXXXX_51FwqftsmMDHHbJAMEXXHCgG", "moved": "myapp_XXXXXXXX_51FwqftsmMDHHbJAMEXXHCgG",
	}
	mistyped := []byte(keys["stranger"])
	mistyped[30] ^= 1
	keys["mistyped"] = string(mistyped)
	ids := map[string]string{}
	for i, step := range s.steps {
		var refused bool
		code := ""
		switch step.do {
		case "wait":
			w.clock.Add(int64(step.with["for"].(time.Duration)))
		case "issue":
			keys[step.key], ids[step.key], refused = d.issue(t, step.with)
			if step.key == "seam" {
				keys["seam"] = seamOfMyapp
			}
		case "import":
			var line api.ImportLine
			step.with.into(t, &line)
			code = d.bring(t, line)
			keys["seam"], ids[step.key], refused = seamOfMyapp, line.ID.String(), code == "refused"
		case "export":
			records, shown := d.export(t, "myapp", step.with["hashes"] != nil)
			code = fmt.Sprintf("%d with %d hashes", records, shown)
		case "verify":
			with := fields{"keyspace": "default"}
			for name, value := range step.with {
				with[name] = value
			}
			code, refused = d.verify(t, keys[step.key], with)
		case "rotate":
			keys[step.as], refused = d.rotate(t, ids[step.key], step.with)
		case "child":
			keys[step.as], ids[step.as], refused = d.child(t, keys[step.key], ids[step.key], step.with)
		case "bulk":
			var n int
			n, refused = d.bulk(t, step.with["verb"].(string), step.with["owner"].(string), step.with["dry_run"] != nil)
			code = strconv.Itoa(n)
		default:
			refused = d.act(t, step.do, ids[step.key], step.with)
		}
		want := step.want
		if c, ok := d.(coarse); ok && step.do == "verify" && want != "refused" {
			want = c.means(want)
		}
		if refused != (want == "refused") || !refused && code != want {
			t.Fatalf("step %d, %s %s: refused %v, code %q, want %q", i+1, step.do, step.key, refused, code, want)
		}
	}
	if got := w.events(t)[before:]; !slices.Equal(got, s.events) {
		t.Errorf("it left the events %v, want %v", got, s.events)
	}
}

// stranger returns a key that was never issued.
func stranger(t *testing.T, prefix string) string {
	t.Helper()
	f, err := keywright.Preset("keywright")
	if err != nil {
		t.Fatal(err)
	}
	f.Prefix = prefix
	k, err := keywright.Generate(f)
	if err != nil {
		t.Fatal(err)
	}
	return k.Reveal()
}
