// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/keywright/keywright"
)

var (
	noon     = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	errNoDie = errors.New("no randomness")
)

func secrets(texts ...string) (s []keywright.Secret) {
	for _, text := range texts {
		s = append(s, keywright.NewSecret(text))
	}
	return s
}

func TestSecretsRotate(t *testing.T) {
	before, after := Signer{Secrets: secrets("old")}, Signer{Secrets: secrets("new", "old")}
	random := bytes.NewReader([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
	old, id, err := before.Sign(Claims{User: "u"}, noon, random)
	if err != nil || id != "0001020304050607" {
		t.Fatal(id, err)
	}
	fresh, _, err := after.Sign(Claims{User: "u"}, noon, random)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []keywright.Secret{old, fresh} {
		if c, err := after.Verify(key, noon); err != nil || c.User != "u" || !c.CreatedAt.Equal(noon) || c.Permissions == nil {
			t.Errorf("%+v %v", c, err)
		}
	}
	if _, err := before.Verify(fresh, noon); !errors.Is(err, ErrSignature) {
		t.Errorf("the old secret alone verifies a key of the new: %v", err)
	}
	if got := after.Expires(Claims{CreatedAt: noon}); !got.Equal(noon.AddDate(1, 0, 0)) {
		t.Error(got)
	}
}

func TestSignRefuses(t *testing.T) {
	good := Claims{User: "u", KeyID: "k"}
	for name, c := range map[string]struct {
		secrets []keywright.Secret
		claims  Claims
	}{
		"no secret":       {nil, good},
		"empty secret":    {secrets("a", ""), good},
		"zero secret":     {[]keywright.Secret{{}}, good},
		"NUL":             {secrets("a\x00"), good},
		"no user":         {secrets("a"), Claims{KeyID: "k"}},
		"user not UTF-8":  {secrets("a"), Claims{User: "\xff"}},
		"permission":      {secrets("a"), Claims{User: "u", Permissions: []string{"\xed\xa0\x80"}}},
		"halves":          {secrets("a"), Claims{User: "u", Permissions: []string{"\xd3", "\xac"}}},
		"too old":         {secrets("a"), Claims{User: "u", CreatedAt: noon.Add(-DefaultMaxAge - time.Microsecond)}},
		"future":          {secrets("a"), Claims{User: "u", CreatedAt: noon.Add(DefaultLeeway + time.Microsecond)}},
		"year 0":          {secrets("a"), Claims{User: "u", CreatedAt: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)}},
		"year 10000":      {secrets("a"), Claims{User: "u", CreatedAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		"longer than any": {secrets("a"), Claims{User: strings.Repeat("u", MaxBytes)}},
	} {
		random := bytes.NewReader(make([]byte, 8))
		if key, _, err := (Signer{Secrets: c.secrets}).Sign(c.claims, noon, random); !errors.Is(err, ErrUnusable) || !key.IsZero() {
			t.Errorf("%s: %v", name, err)
		} else {
			kindOf(t, err)
		}
	}
	if _, _, err := (Signer{Secrets: secrets("a")}).Sign(Claims{User: "u"}, noon, iotest.ErrReader(errNoDie)); !errors.Is(err, errNoDie) {
		t.Error(err)
	}
	if _, err := (Signer{}).Verify(keywright.NewSecret("x"), noon); !errors.Is(err, ErrUnusable) {
		t.Error(err)
	}
}

func TestParseClaims(t *testing.T) {
	c, err := ParseClaims([]byte(` { "user_id" : "u" } `))
	if err != nil || c.User != "u" || c.Permissions != nil || c.KeyID != "" || !c.CreatedAt.IsZero() {
		t.Errorf("%+v %v", c, err)
	}
	for _, text := range []string{`{}`, ``, `{"permissions": []}`, `{"user_id": "u", "admin": "yes"}`, `{"user_id": "u", "user_id": "v"}`, `{"User_id": "u"}`} {
		if _, err := ParseClaims([]byte(text)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAgeAndLeewayAreChosen(t *testing.T) {
	s := Signer{Secrets: secrets("a"), MaxAge: time.Hour, Leeway: -1}
	key, _, err := s.Sign(Claims{User: "u", KeyID: "k"}, noon.Add(999), nil) // less than a microsecond counts for nothing
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]string{-time.Microsecond: "not valid yet", 0: "", time.Hour: "", time.Hour + time.Microsecond: "expired"} {
		if _, err := s.Verify(key, noon.Add(at)); kindOf(t, err) != want {
			t.Errorf("after %v: %v", at, err)
		}
	}
}

// TestNothingIsRepeated gives every parser text of all lengths: it gets an error that names a reason and holds no part
// of the text.
func TestNothingIsRepeated(t *testing.T) {
	verifier := TokenVerifier{Issuer: "i", Audience: "a", Keys: testKeySet(t)}
	signer := Signer{Secrets: secrets("test-signing-secret")}
	master := keywright.NewSecret("master")
	parsers := map[string]func(string) error{
		"signed":  func(s string) error { _, err := signer.Verify(keywright.NewSecret(s), noon); return err },
		"claims":  func(s string) error { _, err := ParseClaims([]byte(s)); return err },
		"derived": func(s string) error { _, err := CheckDerived(keywright.NewSecret(s), master); return err },
		"token":   func(s string) error { _, err := verifier.Verify(keywright.NewSecret(s), noon); return err },
		"PEM":     func(s string) error { _, err := ParseTokenKey(keywright.NewSecret(s)); return err },
		"key set": func(s string) error { _, err := ParseKeySet([]byte(s)); return err },
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 2001 {
		raw, text := make([]byte, n), make([]byte, n)
		for i := range n {
			raw[i], text[i] = byte(r.Uint32()), alphabet[r.IntN(64)]
		}
		for _, s := range []string{string(raw), string(text), "eyJ" + string(text), "sk_" + string(text), string(text) + "." + string(text) + "." + string(text), `{"user_id": "` + string(text)} {
			for name, parse := range parsers {
				err := parse(s)
				if kindOf(t, err) == "" {
					t.Fatalf("%s takes %q", name, s)
				}
				for i := 0; i+12 <= n; i += 12 {
					if strings.Contains(err.Error(), string(raw[i:i+12])) || strings.Contains(err.Error(), string(text[i:i+12])) {
						t.Fatalf("%s repeats what it was given: %v", name, err)
					}
				}
			}
		}
	}
}
