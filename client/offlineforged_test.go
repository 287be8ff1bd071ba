// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/httpauth"
)

// Forged tokens are refused, and a strange kid makes the server be asked once a second at most.
func TestOfflineRefusesForgeries(t *testing.T) {
	h := newHouse(t, client.OfflineOptions{})
	k := h.issue(t, authority.IssueRequest{Scopes: []string{"a:read"}})
	token := h.exchange(t, k.Key).Reveal()
	parts := strings.Split(token, ".")
	encode := base64.RawURLEncoding.EncodeToString
	decode := func(s string) string {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	header, payload := decode(parts[0]), decode(parts[1])
	head := func(old, with string) string {
		changed := strings.Replace(header, old, with, 1)
		if changed == header {
			t.Fatalf("%s is not in %s", old, header)
		}
		return encode([]byte(changed)) + "." + parts[1] + "." + parts[2]
	}
	kid := header[strings.Index(header, `"kid":"`)+7:][:43]
	for name, c := range map[string]struct {
		text string
		want keywright.Code
	}{
		"more scopes":   {parts[0] + "." + encode([]byte(strings.Replace(payload, "a:read", "a:*", 1))) + "." + parts[2], keywright.NotFound},
		"alg none":      {head(`"ES256"`, `"none"`), keywright.Malformed},
		"no signature":  {strings.Replace(head(`"ES256"`, `"none"`), parts[2], "", 1), keywright.Malformed},
		"HS256":         {head(`"ES256"`, `"HS256"`), keywright.Malformed},
		"EdDSA":         {head(`"ES256"`, `"EdDSA"`), keywright.NotFound},
		"typ":           {head("at+jwt", "JWT"), keywright.Malformed},
		"kid":           {head(kid, strings.Repeat("A", 43)), keywright.NotFound},
		"cut":           {token[:len(token)-2], keywright.NotFound},
		"empty":         {"", keywright.Malformed},
		"not of a form": {"...", keywright.Malformed},
	} {
		v, err := h.offline.Verify(t.Context(), keywright.Ask{Key: keywright.NewSecret(c.text)})
		if err != nil || v.Valid() || v.Code != c.want && v.Code != keywright.Malformed || !v.KeyID.IsZero() {
			t.Errorf("%s: %s %v", name, v.Code, err)
		}
	}
	h.want(t, keywright.NewSecret(token), keywright.Valid)
	for name, o := range map[string]client.OfflineOptions{"audience": {Audience: "other"}, "issuer": {Issuer: "https://other"}} {
		o.Client, o.Keyspace = h.client, "acme"
		strange, err := client.NewOffline(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer strange.Close()
		if err := strange.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if v, err := strange.Verify(t.Context(), keywright.Ask{Key: keywright.NewSecret(token)}); err != nil || v.Code != keywright.NotFound {
			t.Errorf("%s: %s %v", name, v.Code, err)
		}
	}
}

// An Offline is a Verifier, and stands behind any middleware.
func TestOfflineInAHandler(t *testing.T) {
	h := newHouse(t, client.OfflineOptions{})
	k := h.issue(t, authority.IssueRequest{Scopes: []string{"invoices:read"}})
	var verifier keywright.Verifier = h.offline
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, err := httpauth.Key(r.Header, "")
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		v, err := verifier.Verify(r.Context(), keywright.Ask{Key: key, Scopes: []string{"invoices:read"}})
		switch {
		case err != nil:
			w.WriteHeader(http.StatusServiceUnavailable)
		case v.Code.Uniform():
			w.WriteHeader(http.StatusUnauthorized)
		case !v.Valid():
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer service.Close()
	get := func(token string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, service.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	token := h.exchange(t, k.Key)
	if got := get(token.Reveal()); got != http.StatusOK {
		t.Errorf("%d", got)
	}
	if got := get(k.Key.Reveal()); got != http.StatusUnauthorized {
		t.Errorf("%d for the key itself", got)
	}
	if _, err := h.Revoke(t.Context(), admin, k.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	h.becomes(t, token, keywright.Revoked, 10*time.Second)
	if got := get(token.Reveal()); got != http.StatusUnauthorized {
		t.Errorf("%d after the revoke", got)
	}
}
