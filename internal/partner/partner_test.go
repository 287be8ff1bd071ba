// SPDX-License-Identifier: Apache-2.0

package partner

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

type vector struct {
	Why        string `json:"why"`
	Key        string `json:"key"`
	Identifier string `json:"key_identifier"`
	Body       string `json:"body"`
	Signature  string `json:"signature"`
	Valid      bool   `json:"valid"`
}

func vectors(t *testing.T) (list []vector) {
	t.Helper()
	text, err := os.ReadFile("testdata/reports.json")
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil || len(list) < 8 {
		t.Fatal(len(list), err)
	}
	return list
}

// platform publishes keys as GitHub does.
type platform struct {
	*httptest.Server
	asked, unchanged atomic.Int64
	away             atomic.Bool
	keys             atomic.Value // map[string]string
}

func newPlatform(t *testing.T, keys map[string]string) *platform {
	p := &platform{}
	p.keys.Store(keys)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		if p.away.Load() {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		var list []map[string]any
		for id, key := range p.keys.Load().(map[string]string) {
			list = append(list, map[string]any{"key_identifier": id, "key": key, "is_current": false})
		}
		tag := `"` + strings.Repeat("x", len(list)) + `"`
		if r.Header.Get("If-None-Match") == tag {
			p.unchanged.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", tag)
		_ = json.NewEncoder(w).Encode(map[string]any{"public_keys": list})
	}))
	t.Cleanup(p.Close)
	return p
}

func keysAt(t *testing.T, p *platform, now func() time.Time) *Keys {
	t.Helper()
	k, err := NewKeys(Options{URL: p.URL, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		k := keysAt(t, newPlatform(t, map[string]string{v.Identifier: v.Key}), time.Now)
		err := k.Verify(t.Context(), v.Identifier, v.Signature, []byte(v.Body))
		if (err == nil) != v.Valid {
			t.Errorf("%s: %v", v.Why, err)
		}
		if _, err := Parse([]byte(v.Body)); err != nil {
			t.Errorf("%s: %v", v.Why, err)
		}
	}
}

func TestReportWithoutHeadersIsRefused(t *testing.T) {
	v := vectors(t)[0]
	k := keysAt(t, newPlatform(t, map[string]string{v.Identifier: v.Key}), time.Now)
	for field, h := range map[string][2]string{
		FieldIdentifier: {"", v.Signature}, FieldSignature: {v.Identifier, ""}, FieldSignature + " ": {v.Identifier, "!"},
		FieldIdentifier + " ": {"another", v.Signature},
	} {
		var r *Refusal
		if err := k.Verify(t.Context(), h[0], h[1], []byte(v.Body)); !errors.As(err, &r) || r.Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestKeysAreKeptAndAskedForAgain(t *testing.T) {
	list := vectors(t)
	one, other := list[0], list[3]
	p := newPlatform(t, map[string]string{one.Identifier: one.Key})
	now := time.Unix(1_800_000_000, 0)
	k := keysAt(t, p, func() time.Time { return now })
	try := func(v vector) error { return k.Verify(context.Background(), v.Identifier, v.Signature, []byte(v.Body)) }
	for range 3 {
		if err := try(one); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.asked.Load(); n != 1 {
		t.Fatalf("asked %d times", n)
	}
	p.keys.Store(map[string]string{one.Identifier: one.Key, other.Identifier: other.Key})
	for range 3 {
		if err := try(other); err == nil {
			t.Fatal("a key was known that nobody asked for")
		}
	}
	if n := p.asked.Load(); n != 1 {
		t.Fatalf("asked %d times within a minute", n)
	}
	now = now.Add(time.Minute)
	if err := try(other); err != nil {
		t.Fatal(err)
	}
	now = now.Add(25 * time.Hour)
	if err := try(one); err != nil || p.unchanged.Load() != 1 || p.asked.Load() != 3 {
		t.Fatal(err, p.unchanged.Load(), p.asked.Load())
	}
}

// Where our own look fails, nothing is known of the report.
func TestPlatformThatIsAway(t *testing.T) {
	v := vectors(t)[0]
	p := newPlatform(t, map[string]string{v.Identifier: v.Key})
	now := time.Unix(1_800_000_000, 0)
	k := keysAt(t, p, func() time.Time { return now })
	try := func() error { return k.Verify(context.Background(), v.Identifier, v.Signature, []byte(v.Body)) }
	p.away.Store(true)
	for range 2 {
		if err := try(); !errors.Is(err, ErrAway) {
			t.Fatal(err)
		}
	}
	if n := p.asked.Load(); n != 1 {
		t.Fatalf("asked %d times within a minute", n)
	}
	p.away.Store(false)
	now = now.Add(time.Minute)
	if err := try(); err != nil {
		t.Fatal(err)
	}
	p.away.Store(true)
	now = now.Add(48 * time.Hour)
	if err := try(); err != nil {
		t.Fatal("keys that are two days old were forgotten:", err)
	}
	now = now.Add(7 * 24 * time.Hour)
	if err := try(); !errors.Is(err, ErrAway) {
		t.Fatal(err)
	}
}

func TestAddressOfKeys(t *testing.T) {
	for address, ok := range map[string]bool{
		GitHubKeys: true, "http://127.0.0.1:9/keys": true, "http://example.com/keys": false, "": false,
		"https://user@example.com/": false, "file:///etc/passwd": false,
	} {
		if _, err := NewKeys(Options{URL: address}); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`[{"token":"a","type":"b","url":"c","source":"commit"}]`))
	f.Add([]byte(`[{"token":"a","location":"c"},{}]`))
	f.Add([]byte(`{"token":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, err := Parse(body)
		var r *Refusal
		if err != nil && (!errors.As(err, &r) || r.Hint == "") || err == nil && len(found) > MaxFound {
			t.Fatal(len(found), err)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(`{"public_keys":[{"key_identifier":"a","key":"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\nYfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n-----END PUBLIC KEY-----\n"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if known, err := parseKeys(body); (err == nil) != (len(known) > 0) {
			t.Fatal(len(known), err)
		}
	})
}
