// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/keywright/keywright"
)

// testKey makes the same key for the same seed.
func testKey(t testing.TB, a Algorithm, seed byte) TokenKey {
	t.Helper()
	k, err := NewTokenKey(a, bytes.NewReader(bytes.Repeat([]byte{seed}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func testKeySet(t testing.TB) KeySet {
	t.Helper()
	s, err := NewKeySet(testKey(t, EdDSA, 1), testKey(t, ES256, 2))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTokenGoesRound(t *testing.T) {
	for _, a := range []Algorithm{EdDSA, ES256} {
		s := TokenSigner{Issuer: "https://keys.example.com", Keys: []TokenKey{testKey(t, a, 7)}}
		text, err := s.Sign(Token{Audience: "default", KeyID: "key_1", Scopes: []string{"invoices:read", "a:*"}, NotBefore: noon}, noon.Add(time.Millisecond), rand.Reader)
		if err != nil {
			t.Fatal(a, err)
		}
		set, err := s.KeySet()
		if err != nil {
			t.Fatal(err)
		}
		published, err := json.Marshal(set)
		if err != nil || bytes.Contains(published, []byte(`"d"`)) {
			t.Fatalf("%s %v", published, err)
		}
		read, err := ParseKeySet(published)
		if err != nil {
			t.Fatal(err)
		}
		v := TokenVerifier{Issuer: s.Issuer, Audience: "default", Keys: read}
		got, err := v.Verify(text, noon.Add(15*time.Minute))
		if err != nil || got.KeyID != "key_1" || !slices.Equal(got.Scopes, []string{"invoices:read", "a:*"}) || len(got.ID) != 22 ||
			!got.IssuedAt.Equal(noon) || !got.NotBefore.Equal(noon) || !got.Expires.Equal(noon.Add(DefaultLife)) || got.Issuer != s.Issuer || got.Audience != "default" {
			t.Errorf("%s: %+v %v", a, got, err)
		}
	}
}

func TestTokenSignRefuses(t *testing.T) {
	keys := []TokenKey{testKey(t, EdDSA, 1)}
	good := Token{Audience: "a", KeyID: "k"}
	with := func(change func(*Token)) Token {
		c := good
		change(&c)
		return c
	}
	for name, c := range map[string]struct {
		signer TokenSigner
		token  Token
	}{
		"no key":       {TokenSigner{Issuer: "i"}, good},
		"zero key":     {TokenSigner{Issuer: "i", Keys: []TokenKey{{}}}, good},
		"no issuer":    {TokenSigner{Keys: keys}, good},
		"no audience":  {TokenSigner{Issuer: "i", Keys: keys}, Token{KeyID: "k"}},
		"no subject":   {TokenSigner{Issuer: "i", Keys: keys}, Token{Audience: "a"}},
		"not UTF-8":    {TokenSigner{Issuer: "i", Keys: keys}, with(func(t *Token) { t.KeyID = "\xff" })},
		"scope":        {TokenSigner{Issuer: "i", Keys: keys}, with(func(t *Token) { t.Scopes = []string{"a b"} })},
		"too long":     {TokenSigner{Issuer: "i", Keys: keys}, with(func(t *Token) { t.Expires = noon.Add(DefaultLife + time.Second) })},
		"for ever":     {TokenSigner{Issuer: "i", Keys: keys}, with(func(t *Token) { t.Expires = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) })},
		"over":         {TokenSigner{Issuer: "i", Keys: keys}, with(func(t *Token) { t.Expires = noon })},
		"never valid":  {TokenSigner{Issuer: "i", Keys: keys}, with(func(t *Token) { t.NotBefore = noon.Add(DefaultLife) })},
		"before 1970":  {TokenSigner{Issuer: "i", Keys: keys}, with(func(t *Token) { t.IssuedAt = time.Unix(-1, 0) })},
		"year 10000":   {TokenSigner{Issuer: "i", Keys: keys}, with(func(t *Token) { t.IssuedAt = time.Unix(maxSeconds, 0) })},
		"large":        {TokenSigner{Issuer: "i", Keys: keys}, with(func(t *Token) { t.KeyID = strings.Repeat("k", MaxBytes) })},
		"wrong kind":   {TokenSigner{Issuer: "i", Keys: keys, Life: time.Minute}, with(func(t *Token) { t.Expires = noon.Add(2 * time.Minute) })},
		"NotBefore <0": {TokenSigner{Issuer: "i", Keys: keys}, with(func(t *Token) { t.NotBefore = time.Unix(-5, 0) })},
	} {
		text, err := c.signer.Sign(c.token, noon, bytes.NewReader(make([]byte, 16)))
		if !errors.Is(err, ErrUnusable) || !text.IsZero() {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (TokenSigner{Issuer: "i", Keys: keys}).Sign(good, noon, iotest.ErrReader(errNoDie)); !errors.Is(err, errNoDie) {
		t.Error(err)
	}
}

func TestTokenKeysRotate(t *testing.T) {
	old, fresh := testKey(t, EdDSA, 1), testKey(t, ES256, 2)
	at := func(keys ...TokenKey) (keywright.Secret, KeySet) {
		s := TokenSigner{Issuer: "i", Keys: keys}
		text, err := s.Sign(Token{Audience: "a", KeyID: "k"}, noon, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		set, err := s.KeySet()
		if err != nil {
			t.Fatal(err)
		}
		return text, set
	}
	first, _ := at(old, fresh)
	second, both := at(fresh, old)
	_, last := at(fresh)
	for name, c := range map[string]struct {
		text keywright.Secret
		set  KeySet
		want error
	}{"old of both": {first, both, nil}, "new of both": {second, both, nil}, "new alone": {second, last, nil}, "old is out": {first, last, ErrSignature}} {
		if _, err := (TokenVerifier{Issuer: "i", Audience: "a", Keys: c.set}).Verify(c.text, noon); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewKeySet(old, old); !errors.Is(err, ErrUnusable) {
		t.Error(err)
	}
	if _, err := NewKeySet(); !errors.Is(err, ErrUnusable) {
		t.Error(err)
	}
}

func TestTokenKeyPEM(t *testing.T) {
	for _, a := range []Algorithm{EdDSA, ES256} {
		k := testKey(t, a, 9)
		text, err := k.PEM()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseTokenKey(text)
		if err != nil || again.ID() != k.ID() || again.Algorithm() != a || len(k.ID()) != 43 {
			t.Errorf("%s: %v", a, err)
		}
		if got := fmt.Sprintf("%v %+v %#v %s %x", k, k, k, k, k); strings.Trim(strings.ReplaceAll(got, "[secret]", ""), " ") != "" {
			t.Error(got)
		}
		if got, err := json.Marshal(map[string]any{"key": k}); err != nil || string(got) != `{"key":"[secret]"}` {
			t.Errorf("%s %v", got, err)
		}
	}
	if _, err := (TokenKey{}).PEM(); !errors.Is(err, ErrUnusable) {
		t.Error(err)
	}
	if _, err := NewTokenKey("RS256", rand.Reader); !errors.Is(err, ErrUnusable) {
		t.Error(err)
	}
	if _, err := NewTokenKey(ES256, iotest.ErrReader(errNoDie)); !errors.Is(err, errNoDie) {
		t.Error(err)
	}
	large := append(bytes.Repeat([]byte{0xff}, 32), bytes.Repeat([]byte{1}, 32)...) // the first is beyond the order
	if _, err := NewTokenKey(ES256, bytes.NewReader(large)); err != nil {
		t.Error(err)
	}
	good, _ := testKey(t, EdDSA, 1).PEM()
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	wrong, _ := rsa.GenerateKey(rand.Reader, 2048)
	sec1, _ := x509.MarshalECPrivateKey(p256)
	spki, _ := x509.MarshalPKIXPublicKey(p256.Public())
	for name, text := range map[string]string{
		"nothing": "", "no PEM": "MC4CAQAwBQYDK2VwBCIEIA", "two": good.Reveal() + good.Reveal(), "text behind": good.Reveal() + "x",
		"P-384": block(t, "PRIVATE KEY", p384), "RSA": block(t, "PRIVATE KEY", wrong), "SEC 1": block(t, "EC PRIVATE KEY", sec1),
		"public": block(t, "PUBLIC KEY", spki), "SEC 1 as PKCS#8": block(t, "PRIVATE KEY", sec1), "with a password": block(t, "ENCRYPTED PRIVATE KEY", sec1),
	} {
		if _, err := ParseTokenKey(keywright.NewSecret(text)); !errors.Is(err, ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func block(t *testing.T, kind string, key any) string {
	t.Helper()
	der, ok := key.([]byte)
	if !ok {
		var err error
		if der, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			t.Fatal(err)
		}
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestParseKeySet(t *testing.T) {
	ed, es := testKey(t, EdDSA, 1), testKey(t, ES256, 2)
	raw := func(k TokenKey) string {
		text, err := k.public().MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	private := base64url(ed.private.(ed25519.PrivateKey).Seed())
	rsaKey := `{"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB"}`
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"both":            {`{"keys":[` + raw(ed) + `,` + raw(es) + `]}`, true},
		"others besides":  {`{"keys":[` + rsaKey + `,` + raw(es) + `], "more": 1}`, true},
		"nothing":         {``, false},
		"null":            {`null`, false},
		"no keys":         {`{"keys":[]}`, false},
		"others alone":    {`{"keys":[` + rsaKey + `]}`, false},
		"for encryption":  {`{"keys":[` + strings.Replace(raw(ed), `"sig"`, `"enc"`, 1) + `]}`, false},
		"twice":           {`{"keys":[` + raw(ed) + `,` + raw(ed) + `]}`, false},
		"no kid":          {`{"keys":[` + strings.Replace(raw(ed), `"kid"`, `"kidd"`, 1) + `]}`, false},
		"alg of another":  {`{"keys":[` + strings.Replace(raw(ed), `"EdDSA"`, `"ES256"`, 1) + `]}`, false},
		"alg none":        {`{"keys":[` + strings.Replace(raw(ed), `"EdDSA"`, `"none"`, 1) + `]}`, false},
		"private":         {`{"keys":[` + strings.Replace(raw(ed), `{`, `{"d":"`+private+`",`, 1) + `]}`, false},
		"symmetric":       {`{"keys":[` + raw(ed) + `,{"kty":"oct","kid":"o","k":"AAAA"}]}`, false},
		"short point":     {`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"AAAA"}]}`, false},
		"not on curve":    {`{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}]}`, false},
		"name twice":      {`{"keys":[],"keys":[` + raw(ed) + `]}`, false},
		"larger than any": {`{"keys":[` + raw(ed) + `]}` + strings.Repeat(" ", maxKeySet), false},
	} {
		if _, err := ParseKeySet([]byte(c.text)); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := json.Marshal(KeySet{}); err == nil {
		t.Error("an empty key set is written")
	}
}
