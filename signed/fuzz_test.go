// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"bytes"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// changed calls try with texts that differ from s in one character: changed, put in or taken out at a place.
func changed(s string, place uint, with byte, try func(string)) {
	at := int(place % uint(len(s)+1))
	try(s[:at] + string([]byte{with}) + s[at:])
	if at < len(s) {
		try(s[:at] + s[at+1:])
		if s[at] != with {
			try(s[:at] + string([]byte{with}) + s[at+1:])
		}
	}
}

// FuzzVerify looks for a key that verifies and still does when a character of it is changed, and for a key that is read
// otherwise than it was made.
func FuzzVerify(f *testing.F) {
	for _, cases := range vectors(f, "signed") {
		for _, v := range cases {
			f.Add(v.Key, uint(len(v.Key)-1), byte('A'), "user", "read")
		}
	}
	s := Signer{Secrets: secrets("test-signing-secret")}
	f.Fuzz(func(t *testing.T, text string, place uint, with byte, user, permission string) {
		refuse := func(other string) {
			if _, err := s.Verify(keywright.NewSecret(other), noon); err == nil {
				t.Fatalf("%q verifies, and so does another: %q", text, other)
			}
		}
		if _, err := s.Verify(keywright.NewSecret(text), noon); kindOf(t, err) == "" {
			changed(text, place, with, refuse)
		}
		key, _, err := s.Sign(Claims{User: user, Permissions: []string{permission}, KeyID: "k"}, noon, nil)
		if err != nil {
			return
		}
		text = key.Reveal()
		c, err := s.Verify(key, noon)
		if err != nil || c.User != user || len(c.Permissions) != 1 || c.Permissions[0] != permission {
			t.Fatalf("%+v %v", c, err)
		}
		changed(text, place, with, refuse)
	})
}

// FuzzClaims looks for a payload that is read, and is another when it is written and read again.
func FuzzClaims(f *testing.F) {
	f.Add([]byte(`{"created_at": "2026-01-15T12:00:00", "key_id": "k", "permissions": ["\ud83d\ude00"], "user_id": "u"}`))
	f.Add([]byte(`{"user_id": "u"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := ParseClaims(payload)
		if kindOf(t, err) != "" {
			return
		}
		if c.CreatedAt.IsZero() {
			c.CreatedAt = noon
		}
		if c.KeyID == "" {
			c.KeyID = "k"
		}
		written, err := c.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseClaims(written)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := again.JSON()
		if err != nil || !bytes.Equal(written, twice) || again.User != c.User {
			t.Fatalf("%s is written again as %s: %v", written, twice, err)
		}
	})
}

// FuzzDerived looks for a scope that is not read back, and for a key that is taken when a character of it is changed.
func FuzzDerived(f *testing.F) {
	for _, cases := range vectors(f, "derived") {
		for _, v := range cases {
			f.Add(v.Master, v.Scope, v.Key, uint(3), byte('x'))
		}
	}
	f.Fuzz(func(t *testing.T, master, scope, text string, place uint, with byte) {
		secret := keywright.NewSecret(master)
		if found, err := CheckDerived(keywright.NewSecret(text), secret); kindOf(t, err) == "" {
			if made, err := Derive(secret, found); err != nil || made.Reveal() != text {
				t.Fatalf("%q is no key that is made: %v", text, err)
			}
		}
		key, err := Derive(secret, scope)
		if kindOf(t, err) != "" {
			return
		}
		if found, err := CheckDerived(key, secret); err != nil || found != scope {
			t.Fatalf("%q %v", found, err)
		}
		changed(key.Reveal(), place, with, func(other string) {
			if _, err := CheckDerived(keywright.NewSecret(other), secret); err == nil {
				t.Fatalf("%q is taken for %q", other, key.Reveal())
			}
		})
	})
}

// FuzzToken looks for a token that verifies and still does when a character of it is changed, and for one that is read
// otherwise than it was made.
func FuzzToken(f *testing.F) {
	f.Add("", "key_1", "aud", uint(0), byte('A'))
	f.Add("eyJhbGciOiJub25lIn0.e30.", "", "", uint(20), byte('.'))
	f.Add("e30.e30.AA", "k", "a", uint(1<<20), byte('='))
	signers := []TokenSigner{
		{Issuer: "i", Keys: []TokenKey{testKey(f, EdDSA, 1)}},
		{Issuer: "i", Keys: []TokenKey{testKey(f, ES256, 2)}},
		{Issuer: "i", Keys: []TokenKey{testKey(f, ES256, 3)}, Type: AccessToken},
	}
	f.Fuzz(func(t *testing.T, text, subject, audience string, place uint, with byte) {
		for _, s := range signers {
			set, err := s.KeySet()
			if err != nil {
				t.Fatal(err)
			}
			v := TokenVerifier{Issuer: "i", Audience: audience, Keys: set, Type: s.Type}
			if _, err := v.Verify(keywright.NewSecret(text), noon); kindOf(t, err) == "" {
				t.Fatalf("%q verifies, and nobody signed it", text)
			}
			key, err := s.Sign(Token{Audience: audience, KeyID: subject, Scopes: []string{"read"}, Owner: subject, Ancestors: []string{subject}, Sequence: uint64(place)}, noon, bytes.NewReader(make([]byte, 16)))
			if kindOf(t, err) != "" {
				if utf8.ValidString(audience+" "+subject) && audience != "" && subject != "" && len(audience)+len(subject) < 500 {
					t.Fatal(err)
				}
				continue
			}
			got, err := v.Verify(key, noon.Add(time.Minute))
			if err != nil || got.KeyID != subject || got.Audience != audience || got.Owner != subject || got.Ancestors[0] != subject || got.Sequence != uint64(place) {
				t.Fatalf("%+v %v", got, err)
			}
			other := v
			if other.Type = PlainToken; s.Type == "" {
				other.Type = AccessToken
			}
			if _, err := other.Verify(key, noon.Add(time.Minute)); err == nil {
				t.Fatal("a token of one type is taken for one of another")
			}
			changed(key.Reveal(), place, with, func(other string) {
				if _, err := v.Verify(keywright.NewSecret(other), noon); err == nil {
					t.Fatalf("%q verifies, and so does %q", key.Reveal(), other)
				}
			})
		}
	})
}
