// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"

	"github.com/keywright/keywright"
)

// DefaultLife is how long a token lives, and how long a verifier lets one live: revoking its key ends it by then.
const DefaultLife = 15 * time.Minute

const (
	// PlainToken is the header typ of a token whose signer and verifier name none (RFC 7519, 5.1).
	PlainToken = "JWT"
	// AccessToken is the header typ of a token that a key was exchanged for (RFC 9068, 2.1). A token of one type is never
	// taken for one of another.
	AccessToken = "at+jwt"
)

var (
	errNoIssuer    = fmt.Errorf("%w: no issuer", ErrUnusable)
	errNoAudience  = fmt.Errorf("%w: no audience", ErrUnusable)
	errNoSubject   = fmt.Errorf("%w: the token names no key", ErrUnusable)
	errTokenText   = fmt.Errorf("%w: a claim is not UTF-8", ErrUnusable)
	errTokenScope  = fmt.Errorf("%w: a scope is not written as scopes are", ErrUnusable)
	errTokenTimes  = fmt.Errorf("%w: the token would expire before it is valid", ErrUnusable)
	errTokenLife   = fmt.Errorf("%w: the token would live longer than its signer allows", ErrUnusable)
	errTokenYears  = fmt.Errorf("%w: a time of the token is not within the years 1970 to 9999", ErrUnusable)
	errTokenTooBig = fmt.Errorf("%w: the claims make a token longer than %d bytes", ErrUnusable, MaxBytes)
	errTokenSigner = fmt.Errorf("%w: the signing key does not sign", ErrUnusable)
)

// A Token is what a JWT says. Times are in whole seconds.
type Token struct {
	Issuer    string    // iss: who made it
	Audience  string    // aud: the keyspace in which it is valid
	KeyID     string    // sub: the key that it was exchanged for; where that is revoked, refuse the token too
	Scopes    []string  // scope, joined by spaces (RFC 8693, 4.2)
	ID        string    // jti: its own id. Revoke by this and never by the text: one token can be written in two ways
	IssuedAt  time.Time // iat
	NotBefore time.Time // nbf; zero: from IssuedAt on
	Expires   time.Time // exp: from this moment on it is invalid

	// Of a token that a key was exchanged for; empty in others.
	Client      string   // client_id (RFC 9068, 2.2): the key id once more
	Keyspace    string   // keyspace: of the key
	Environment string   // environment: of the key
	Owner       string   // owner: of the key
	PublicID    string   // sec: of the secret that was presented, where it has one
	Ancestors   []string // anc: the key ids above a child; where one of them is revoked, refuse the token too
	Sequence    uint64   // seq: of the audit chain, as of which the key was judged; what was taken away later has a higher one
}

// A TokenSigner makes tokens: JWS in its compact form (RFC 7515), with kid in the header.
type TokenSigner struct {
	Issuer string
	// Keys are the signing keys, of which the first signs. To rotate, let verifiers see the new key first: add it at
	// the end, wait until they have read the key set again, and move it to the front. Take the old one out when the
	// last token that it signed has expired.
	Keys []TokenKey
	Life time.Duration // how long a token lives at most, and if it does not say; 0: DefaultLife
	Type string        // the header typ: PlainToken, where it is empty, or AccessToken
}

// tokenClaims is a token on the wire (RFC 7519, 4.1). Times are whole seconds: a fraction is an error.
type tokenClaims struct {
	Issuer    string   `json:"iss"`
	Audience  audience `json:"aud"`
	Subject   string   `json:"sub"`
	Scope     string   `json:"scope,omitempty"`
	IssuedAt  *int64   `json:"iat"`
	NotBefore *int64   `json:"nbf,omitempty"`
	Expires   *int64   `json:"exp"`
	ID        string   `json:"jti"`

	Client      string   `json:"client_id,omitempty"`
	Keyspace    string   `json:"keyspace,omitempty"`
	Environment string   `json:"environment,omitempty"`
	Owner       string   `json:"owner,omitempty"`
	PublicID    string   `json:"sec,omitempty"`
	Ancestors   []string `json:"anc,omitempty"`
	Sequence    uint64   `json:"seq,omitempty"`
}

// Sign makes a token. It fills in the issuer; IssuedAt with now, Expires with the end of its life and ID with 16 random
// bytes in base64url where they are zero. ES256 takes more randomness, from the system: a signature of it is never the
// same twice, whatever random is.
//
// Errors wrap ErrUnusable, or are those of random.
func (s TokenSigner) Sign(t Token, now time.Time, random io.Reader) (keywright.Secret, error) {
	life := s.Life
	if life <= 0 {
		life = DefaultLife
	}
	t.Issuer = s.Issuer
	if t.IssuedAt.IsZero() {
		t.IssuedAt = now
	}
	if t.Expires.IsZero() {
		t.Expires = t.IssuedAt.Truncate(time.Second).Add(life)
	}
	if t.ID == "" {
		var id [16]byte
		if _, err := io.ReadFull(random, id[:]); err != nil {
			return keywright.Secret{}, fmt.Errorf("reading randomness: %w", err)
		}
		t.ID = base64.RawURLEncoding.EncodeToString(id[:])
	}
	if err := t.check(life); err != nil {
		return keywright.Secret{}, err
	}
	if len(s.Keys) == 0 || s.Keys[0].private == nil {
		return keywright.Secret{}, errNoTokenKey
	}
	return t.sign(s.Keys[0], typeOf(s.Type))
}

// KeySet returns the public keys of the signer: publish them.
func (s TokenSigner) KeySet() (KeySet, error) { return NewKeySet(s.Keys...) }

func typeOf(typ string) string {
	if typ == "" {
		return PlainToken
	}
	return typ
}

// check refuses claims that a verifier would refuse.
func (t Token) check(life time.Duration) error {
	issued, expires := t.IssuedAt.Unix(), t.Expires.Unix()
	switch {
	case t.Issuer == "":
		return errNoIssuer
	case t.Audience == "":
		return errNoAudience
	case t.KeyID == "":
		return errNoSubject
	case !utf8.ValidString(strings.Join(append([]string{t.Issuer, t.Audience, t.KeyID, t.ID, t.Client, t.Keyspace, t.Environment, t.Owner, t.PublicID}, t.Ancestors...), "\x00")):
		return errTokenText
	case issued < 0 || issued > maxSeconds || expires < 0 || expires > maxSeconds || t.NotBefore.Unix() > maxSeconds:
		return errTokenYears
	case expires <= issued || !t.NotBefore.IsZero() && (t.NotBefore.Unix() < 0 || expires <= t.NotBefore.Unix()):
		return errTokenTimes
	case time.Duration(min(expires-issued, 1<<32))*time.Second > life:
		return errTokenLife
	}
	for _, scope := range t.Scopes {
		if keywright.CheckPattern(scope) != nil {
			return errTokenScope
		}
	}
	return nil
}

func (t Token) sign(key TokenKey, typ string) (keywright.Secret, error) {
	issued, expires := t.IssuedAt.Unix(), t.Expires.Unix()
	c := tokenClaims{
		Issuer: t.Issuer, Audience: audience{t.Audience}, Subject: t.KeyID, Scope: strings.Join(t.Scopes, " "),
		IssuedAt: &issued, Expires: &expires, ID: t.ID,
		Client: t.Client, Keyspace: t.Keyspace, Environment: t.Environment, Owner: t.Owner, PublicID: t.PublicID,
		Ancestors: t.Ancestors, Sequence: t.Sequence,
	}
	if !t.NotBefore.IsZero() {
		from := t.NotBefore.Unix()
		c.NotBefore = &from
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return keywright.Secret{}, errTokenText
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.algorithm), Key: jose.JSONWebKey{Key: key.private, KeyID: key.id}},
		(&jose.SignerOptions{}).WithType(jose.ContentType(typ)),
	)
	if err != nil {
		return keywright.Secret{}, errTokenSigner
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return keywright.Secret{}, errTokenSigner
	}
	text, err := signed.CompactSerialize()
	switch {
	case err != nil:
		return keywright.Secret{}, errTokenSigner
	case len(text) > MaxBytes:
		return keywright.Secret{}, errTokenTooBig
	}
	return keywright.NewSecret(text), nil
}

// An audience is one name, or a list of names.
type audience []string

// MarshalJSON writes one name as a string.
func (a audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}
