// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/signed"
)

// noon is when tokens are made and judged, so that every process that fuzzes makes the same.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// script is a server that answers the two questions of an offline verifier with what it was given.
type script struct{ page, keys string }

func (s script) RoundTrip(r *http.Request) (*http.Response, error) {
	text := s.page
	if r.URL.Path == api.PathKeySet {
		text = s.keys
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {api.MediaJSON}}, Request: r,
		Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)),
	}, nil
}

// scripted returns a verifier that asked such a server once, without what runs in the background.
func scripted(t testing.TB, s script) (*Offline, error) {
	t.Helper()
	c, err := New(Options{URL: "http://localhost", ServiceKey: keywright.NewSecret("x"), Retries: -1, HTTP: &http.Client{Transport: s}})
	if err != nil {
		t.Fatal(err)
	}
	o := &Offline{
		client: c, keyspace: "acme", maxAge: time.Minute, clock: func() time.Time { return noon }, synced: make(chan struct{}), taken: newTaken("acme"),
		verifier: signed.TokenVerifier{Issuer: "i", Audience: "acme", Type: signed.AccessToken, MaxLife: time.Hour, Leeway: time.Minute},
	}
	_, err = o.sync(t.Context(), 0)
	o.refetched = time.Now() // the server has just been asked: it is not asked again for an unknown key
	return o, err
}

// tokensOf makes a token by each of two keys of one set, and the set.
func tokensOf(t testing.TB) (tokens [2]keywright.Secret, ids [2]string, keys string) {
	t.Helper()
	var pair []signed.TokenKey
	for i := range tokens {
		key, err := signed.NewTokenKey(signed.EdDSA, bytes.NewReader(bytes.Repeat([]byte{byte(i + 1)}, 64)))
		if err != nil {
			t.Fatal(err)
		}
		pair, ids[i] = append(pair, key), key.ID()
		s := signed.TokenSigner{Issuer: "i", Keys: pair[i:], Type: signed.AccessToken}
		tokens[i], err = s.Sign(signed.Token{
			Audience: "acme", Keyspace: "acme", KeyID: "key_0DFUqXqVeEpK4nSQhDZ0mR", PublicID: "AAAA", Sequence: 5, Expires: noon.Add(10 * time.Minute),
		}, noon, bytes.NewReader(make([]byte, 16)))
		if err != nil {
			t.Fatal(err)
		}
	}
	set, err := signed.NewKeySet(pair...)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return tokens, ids, string(text)
}

func judgeToken(t testing.TB, o *Offline, token keywright.Secret) (keywright.Code, error) {
	t.Helper()
	v, err := o.Verify(t.Context(), keywright.Ask{Key: token})
	return v.Code, err
}

// A key that the server publishes, and does not list among those whose tokens can be valid, is not taken: it was ended, and
// a copy of the set is older.
func TestOfflineTakesListedKeysAlone(t *testing.T) {
	tokens, ids, keys := tokensOf(t)
	for i, listed := range ids {
		o, err := scripted(t, script{page: fmt.Sprintf(`{"begins":true,"from":1,"cursor":"1-a","revocations":[],"keys":[%q]}`, listed), keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		for j, want := range map[int]keywright.Code{i: keywright.Valid, 1 - i: keywright.NotFound} {
			if code, err := judgeToken(t, o, tokens[j]); err != nil || code != want {
				t.Errorf("with key %d listed, the token of key %d is %s, %v", i, j, code, err)
			}
		}
	}
}

// FuzzOffline reads what a server, or whoever is in its place, may send. Only a token that one of our keys signed is ever
// VALID, and only while the page lists that key and takes nothing away.
func FuzzOffline(f *testing.F) {
	tokens, ids, keys := tokensOf(f)
	good := fmt.Sprintf(`{"begins":true,"from":1,"cursor":"1-a","revocations":[],"keys":[%q,%q]}`, ids[0], ids[1])
	taken := `{"begins":true,"from":1,"cursor":"9-a","revocations":[{"sequence":9,"kind":"key","key_id":"key_0DFUqXqVeEpK4nSQhDZ0mR","reason":"revoke"}],"keys":["` + ids[0] + `"]}`
	f.Add(good, keys, tokens[0].Reveal())
	f.Add(taken, keys, tokens[1].Reveal()+"x")
	f.Add(`{"keys":null,"more":true}`, `{"keys":[]}`, "..")
	f.Add(`[`, `{"keys":[{"kty":"oct","k":"AA"}]}`, "e30.e30.AA")
	f.Add(strings.Replace(good, `"from":1`, `"from":18446744073709551615`, 1), keys, "")
	// Go makes each input that reaches something new as short as it can, for a minute, in steps whose number is the square of its
	// length. With inputs as long as these it would do nothing else.
	if effort := flag.Lookup("test.fuzzminimizetime"); effort.Value.String() == effort.DefValue {
		if err := effort.Value.Set("50x"); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, page, set, token string) {
		for _, s := range []script{{page, keys}, {good, set}} {
			o, err := scripted(t, s)
			if err != nil {
				if code, err := judgeToken(t, o, tokens[0]); err == nil {
					t.Fatalf("nothing was understood, and the token is %s", code)
				}
				continue
			}
			for i, genuine := range tokens {
				var l api.RevocationList
				code, _ := judgeToken(t, o, genuine)
				if code == keywright.Valid && (json.Unmarshal([]byte(s.page), &l) != nil || !slices.Contains(l.Keys, ids[i]) || dead(&l)) {
					t.Fatalf("the token of key %d is VALID after %q", i, s.page)
				}
			}
			if token == tokens[0].Reveal() || token == tokens[1].Reveal() {
				continue
			}
			if code, _ := judgeToken(t, o, keywright.NewSecret(token)); code == keywright.Valid && s.keys == keys {
				t.Fatalf("%q is VALID, and nobody signed it", token)
			}
		}
	})
}

// dead reports whether a page ends the tokens of tokensOf.
func dead(l *api.RevocationList) bool {
	return l.Begins && l.From > 5 || slices.ContainsFunc(l.Revocations, func(r api.Taken) bool {
		return r.Sequence > 5 && (r.Kind != api.TakenKey || r.KeyID.IsZero())
	})
}
