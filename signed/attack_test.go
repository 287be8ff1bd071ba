// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// forge writes a token as it is asked to: nothing is checked.
func forge(header, payload string, sign func(message []byte) []byte) string {
	message := base64url([]byte(header)) + "." + base64url([]byte(payload))
	return message + "." + base64url(sign([]byte(message)))
}

func signEdDSA(k TokenKey) func([]byte) []byte {
	return func(m []byte) []byte { return ed25519.Sign(k.private.(ed25519.PrivateKey), m) }
}

func signES256(t *testing.T, k TokenKey) func([]byte) []byte {
	return func(m []byte) []byte {
		hash := sha256.Sum256(m)
		r, s, err := ecdsa.Sign(rand.Reader, k.private.(*ecdsa.PrivateKey), hash[:])
		if err != nil {
			t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
}

func signWith(secret []byte) func([]byte) []byte {
	return func(m []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(m)
		return mac.Sum(nil)
	}
}

// TestTokenAttacks refuses what has broken verifiers of JWTs (RFC 8725).
func TestTokenAttacks(t *testing.T) {
	ed, es, stranger := testKey(t, EdDSA, 1), testKey(t, ES256, 2), testKey(t, EdDSA, 3)
	nobody := func([]byte) []byte { return nil }
	at := noon.Unix()
	good := fmt.Sprintf(`{"iss":"i","aud":"a","sub":"k","iat":%d,"exp":%d,"jti":"j"}`, at, at+900)
	header := func(alg, kid, more string) string {
		return `{"alg":"` + alg + `","kid":"` + kid + `","typ":"JWT"` + more + `}`
	}
	edHeader := header("EdDSA", ed.ID(), "")
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s is not in the payload", old)
		}
		return forge(edHeader, strings.Replace(good, old, new, 1), signEdDSA(ed))
	}
	spki, _ := x509.MarshalPKIXPublicKey(ed.private.Public())
	public := []byte(ed.private.Public().(ed25519.PublicKey))
	strangerJWK, _ := stranger.public().MarshalJSON()
	exp, iat := fmt.Sprintf(`"exp":%d`, at+900), fmt.Sprintf(`"iat":%d`, at)
	valid := forge(edHeader, good, signEdDSA(ed))
	parts := strings.Split(valid, ".")
	for _, c := range []struct{ name, text, want string }{
		{"the good one", valid, ""},
		{"a good one of ES256", forge(header("ES256", es.ID(), ""), good, signES256(t, es)), ""},
		{"audiences", swap(`"aud":"a"`, `"aud":["b","a"]`), ""},
		{"other claims", swap(`"jti"`, `"more":{"x":1},"jti"`), ""},
		{"none", forge(header("none", ed.ID(), ""), good, nobody), "malformed"},
		{"None", forge(header("None", ed.ID(), ""), good, nobody), "malformed"},
		{"none with a signature", forge(header("none", ed.ID(), ""), good, signEdDSA(ed)), "malformed"},
		{"no signature", parts[0] + "." + parts[1] + ".", "wrong signature"},
		{"two parts", parts[0] + "." + parts[1], "malformed"},
		{"a zero signature", forge(edHeader, good, func([]byte) []byte { return make([]byte, 64) }), "wrong signature"},
		{"a zero signature of ES256", forge(header("ES256", es.ID(), ""), good, func([]byte) []byte { return make([]byte, 64) }), "wrong signature"},
		{"HS256 with the public key", forge(header("HS256", ed.ID(), ""), good, signWith(public)), "malformed"},
		{"HS256 with the public key in DER", forge(header("HS256", ed.ID(), ""), good, signWith(spki)), "malformed"},
		{"EdDSA by HMAC", forge(edHeader, good, signWith(public)), "wrong signature"},
		{"RS256", forge(header("RS256", ed.ID(), ""), good, signEdDSA(ed)), "malformed"},
		{"ES256 with the kid of EdDSA", forge(header("ES256", ed.ID(), ""), good, signES256(t, es)), "wrong signature"},
		{"EdDSA with the kid of ES256", forge(header("EdDSA", es.ID(), ""), good, signEdDSA(ed)), "wrong signature"},
		{"ES256 in DER", forge(header("ES256", es.ID(), ""), good, func(m []byte) []byte {
			hash := sha256.Sum256(m)
			sig, _ := es.private.Sign(rand.Reader, hash[:], crypto.SHA256)
			return sig
		}), "wrong signature"},
		{"a stranger's key", forge(header("EdDSA", stranger.ID(), ""), good, signEdDSA(stranger)), "wrong signature"},
		{"a stranger under our kid", forge(edHeader, good, signEdDSA(stranger)), "wrong signature"},
		{"a key brought along", forge(header("EdDSA", ed.ID(), `,"jwk":`+string(strangerJWK)), good, signEdDSA(stranger)), "malformed"},
		{"a place to get keys", forge(header("EdDSA", ed.ID(), `,"jku":"https://evil.example/jwks"`), good, signEdDSA(ed)), "malformed"},
		{"a certificate", forge(header("EdDSA", ed.ID(), `,"x5c":["AA"]`), good, signEdDSA(ed)), "malformed"},
		{"crit", forge(header("EdDSA", ed.ID(), `,"crit":["exp"]`), good, signEdDSA(ed)), "malformed"},
		{"b64", forge(header("EdDSA", ed.ID(), `,"b64":"false"`), good, signEdDSA(ed)), "malformed"},
		{"nested", forge(header("EdDSA", ed.ID(), `,"cty":"JWT"`), valid, signEdDSA(ed)), "malformed"},
		{"nested without saying so", forge(edHeader, valid, signEdDSA(ed)), "malformed"},
		{"no kid", forge(`{"alg":"EdDSA","typ":"JWT"}`, good, signEdDSA(ed)), "malformed"},
		{"a kid that is a path", forge(header("EdDSA", "../../dev/null", ""), good, signEdDSA(ed)), "wrong signature"},
		{"another typ", forge(`{"alg":"EdDSA","kid":"`+ed.ID()+`","typ":"at+jwt"}`, good, signEdDSA(ed)), "malformed"},
		{"no typ", forge(`{"alg":"EdDSA","kid":"`+ed.ID()+`"}`, good, signEdDSA(ed)), "malformed"},
		{"alg twice", forge(header("EdDSA", ed.ID(), `,"alg":"none"`), good, signEdDSA(ed)), "malformed"},
		{"ALG", forge(header("EdDSA", ed.ID(), `,"ALG":"none"`), good, signEdDSA(ed)), "malformed"},
		{"encrypted", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA", "malformed"},
		{"JSON serialisation", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "malformed"},
		{"padding", valid + "=", "malformed"},
		{"a line break", valid[:30] + "\n" + valid[30:], "malformed"},
		{"a space before", " " + valid, "malformed"},
		{"Bearer", "Bearer " + valid, "malformed"},
		{"huge", swap(`"jti"`, `"more":"`+strings.Repeat("x", MaxBytes)+`","jti"`), "malformed"},
		{"changed", parts[0] + "." + base64url([]byte(strings.Replace(good, `"sub":"k"`, `"sub":"l"`, 1))) + "." + parts[2], "wrong signature"},
		{"another issuer", swap(`"iss":"i"`, `"iss":"I"`), "not meant for this use"},
		{"no issuer", swap(`"iss":"i",`, ``), "not meant for this use"},
		{"another audience", swap(`"aud":"a"`, `"aud":"ab"`), "not meant for this use"},
		{"no audience", swap(`"aud":"a",`, ``), "not meant for this use"},
		{"an empty audience", swap(`"aud":"a"`, `"aud":[]`), "not meant for this use"},
		{"an audience of numbers", swap(`"aud":"a"`, `"aud":[1]`), "malformed"},
		{"sub twice", swap(`"sub":"k"`, `"sub":"k","sub":"l"`), "malformed"},
		{"no sub", swap(`"sub":"k",`, ``), "malformed"},
		{"SUB", swap(`"sub"`, `"SUB"`), "malformed"},
		{"no jti", swap(`,"jti":"j"`, ``), "malformed"},
		{"no exp", swap(exp+`,`, ``), "malformed"},
		{"no iat", swap(iat+`,`, ``), "malformed"},
		{"exp is null", swap(exp, `"exp":null`), "malformed"},
		{"exp is text", swap(exp, `"exp":"`+fmt.Sprint(at+900)+`"`), "malformed"},
		{"exp has a fraction", swap(exp, fmt.Sprintf(`"exp":%d.5`, at+900)), "malformed"},
		{"exp is out of all years", swap(exp, `"exp":9223372036854775807`), "malformed"},
		{"exp is negative", swap(exp, `"exp":-1`), "malformed"},
		{"exp is 1e400", swap(exp, `"exp":1e400`), "malformed"},
		{"expired", swap(exp, fmt.Sprintf(`"exp":%d`, at-60)), "expired"},
		{"a moment before that", swap(exp, fmt.Sprintf(`"exp":%d`, at-59)), ""},
		{"not yet", swap(`"jti"`, fmt.Sprintf(`"nbf":%d,"jti"`, at+61)), "not valid yet"},
		{"within the leeway", swap(`"jti"`, fmt.Sprintf(`"nbf":%d,"jti"`, at+60)), ""},
		{"issued in the future", swap(iat, fmt.Sprintf(`"iat":%d`, at+61)), "not valid yet"},
		{"lives too long", swap(exp, fmt.Sprintf(`"exp":%d`, at+901)), "not meant for this use"},
		{"two spaces", swap(`"jti"`, `"scope":"a  b","jti"`), "malformed"},
		{"scope is a list", swap(`"jti"`, `"scope":["a"],"jti"`), "malformed"},
		{"not UTF-8", swap(`"sub":"k"`, "\"sub\":\"\xff\""), "malformed"},
		{"more behind", forge(edHeader, good+"{}", signEdDSA(ed)), "malformed"},
		{"no object", forge(edHeader, `["a"]`, signEdDSA(ed)), "malformed"},
		{"null", forge(edHeader, `null`, signEdDSA(ed)), "malformed"},
	} {
		v := TokenVerifier{Issuer: "i", Audience: "a", Keys: testKeySet(t)}
		got, err := v.Verify(keywright.NewSecret(c.text), noon)
		if kind := kindOf(t, err); kind != c.want {
			t.Errorf("%s: %v, expected %q", c.name, err, c.want)
		}
		if err != nil && got.KeyID != "" {
			t.Errorf("%s: claims of a token that is refused", c.name)
		}
	}
}

func TestTokenVerifierIsWhole(t *testing.T) {
	whole := TokenVerifier{Issuer: "i", Audience: "a", Keys: testKeySet(t)}
	for name, change := range map[string]func(*TokenVerifier){
		"issuer":   func(v *TokenVerifier) { v.Issuer = "" },
		"audience": func(v *TokenVerifier) { v.Audience = "" },
		"keys":     func(v *TokenVerifier) { v.Keys = KeySet{} },
	} {
		v := whole
		change(&v)
		if _, err := v.Verify(keywright.NewSecret("x"), noon.Add(time.Second)); kindOf(t, err) != "unusable" {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
