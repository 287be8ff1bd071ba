// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json" // refuses a name that stands twice, and tells names in other cases apart

	"github.com/keywright/keywright"
)

// maxSeconds is the end of the year 9999.
const maxSeconds = 253402300799

var (
	errTokenJWS     = fmt.Errorf("%w: not a signed token", ErrMalformed)
	errTokenPayload = fmt.Errorf("%w: the payload is not a JSON object with iss, aud, sub, iat, exp and jti", ErrMalformed)
	errTokenScopes  = fmt.Errorf("%w: scope is not a list of scopes with one space between them", ErrMalformed)
	errTokenNumbers = fmt.Errorf("%w: a time is not a number of seconds from 1970 to 9999", ErrMalformed)
	errOtherAlg     = fmt.Errorf("%w: the token's alg is not that of its key", ErrSignature)
	errTokenSig     = fmt.Errorf("%w: the signature is not of this token and key", ErrSignature)
	errIssuer       = fmt.Errorf("%w: another issuer", ErrClaims)
	errAudience     = fmt.Errorf("%w: another audience", ErrClaims)
	errLife         = fmt.Errorf("%w: it lives longer than is allowed", ErrClaims)
	errExpired      = fmt.Errorf("%w: its exp has passed", ErrExpired)
	errNotBefore    = fmt.Errorf("%w: its nbf lies in the future", ErrNotYet)
	errIssuedLater  = fmt.Errorf("%w: its iat lies in the future", ErrNotYet)
)

// ErrUnknownKey says that the key set has no key with the token's kid: read it again, for it may be new. It wraps
// ErrSignature.
var ErrUnknownKey = fmt.Errorf("%w: the key set has no key with the token's kid", ErrSignature)

// A TokenVerifier verifies tokens without asking anybody.
type TokenVerifier struct {
	Issuer   string // needed
	Audience string // needed: the keyspace
	Keys     KeySet
	MaxLife  time.Duration // how long a token may live; 0: DefaultLife
	Leeway   time.Duration // how far clocks may differ; 0: DefaultLeeway, below 0: not at all
	Type     string        // the header typ that is read: PlainToken, where it is empty, or AccessToken
}

// Verify returns what a token says as of now. The signature is verified before the claims are parsed; the header alone
// comes first, and chooses no more than which of the keys it is.
//
// Errors wrap ErrMalformed, ErrSignature, ErrExpired, ErrNotYet or ErrClaims: refuse the token; or ErrUnusable: the
// verifier has no issuer, audience or key.
func (v TokenVerifier) Verify(text keywright.Secret, now time.Time) (Token, error) {
	switch {
	case v.Issuer == "":
		return Token{}, errNoIssuer
	case v.Audience == "":
		return Token{}, errNoAudience
	case len(v.Keys.keys) == 0:
		return Token{}, errNoKeys
	}
	header, err := tokenHeader(text.Reveal(), typeOf(v.Type))
	if err != nil {
		return Token{}, err
	}
	payload, err := v.payload(text.Reveal(), header)
	if err != nil {
		return Token{}, err
	}
	var c tokenClaims
	if !utf8.Valid(payload) || json.Unmarshal(payload, &c) != nil {
		return Token{}, errTokenPayload
	}
	return v.judge(c, now)
}

// payload returns what was signed, if it was.
func (v TokenVerifier) payload(text string, header joseHeader) ([]byte, error) {
	key, ok := v.Keys.find(header.KeyID)
	switch {
	case !ok:
		return nil, ErrUnknownKey
	case key.Algorithm != header.Algorithm:
		return nil, errOtherAlg
	}
	token, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(key.Algorithm)})
	if err != nil {
		return nil, errTokenJWS
	}
	payload, err := token.Verify(key.Key)
	if err != nil {
		return nil, errTokenSig
	}
	return payload, nil
}

// judge compares the claims with what is expected.
func (v TokenVerifier) judge(c tokenClaims, now time.Time) (Token, error) {
	if c.Subject == "" || c.ID == "" || c.IssuedAt == nil || c.Expires == nil {
		return Token{}, errTokenPayload
	}
	for _, seconds := range []*int64{c.IssuedAt, c.NotBefore, c.Expires} {
		if seconds != nil && (*seconds < 0 || *seconds > maxSeconds) {
			return Token{}, errTokenNumbers
		}
	}
	t := Token{
		Issuer: c.Issuer, Audience: v.Audience, KeyID: c.Subject, ID: c.ID,
		IssuedAt: time.Unix(*c.IssuedAt, 0).UTC(), Expires: time.Unix(*c.Expires, 0).UTC(),
		Client: c.Client, Keyspace: c.Keyspace, Environment: c.Environment, Owner: c.Owner, PublicID: c.PublicID,
		Ancestors: c.Ancestors, Sequence: c.Sequence,
	}
	if c.NotBefore != nil {
		t.NotBefore = time.Unix(*c.NotBefore, 0).UTC()
	}
	longest := v.MaxLife
	if longest <= 0 {
		longest = DefaultLife
	}
	early, late := now.Add(-leeway(v.Leeway)), now.Add(leeway(v.Leeway))
	switch {
	case c.Issuer != v.Issuer:
		return Token{}, errIssuer
	case !slices.Contains(c.Audience, v.Audience):
		return Token{}, errAudience
	case !early.Before(t.Expires):
		return Token{}, errExpired
	case t.NotBefore.After(late):
		return Token{}, errNotBefore
	case t.IssuedAt.After(late):
		return Token{}, errIssuedLater
	case t.Expires.Sub(t.IssuedAt) > longest:
		return Token{}, errLife
	}
	var err error
	t.Scopes, err = parseScopes(c.Scope)
	if err != nil {
		return Token{}, err
	}
	return t, nil
}

func parseScopes(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	scopes := strings.Split(text, " ")
	for _, s := range scopes {
		if keywright.CheckPattern(s) != nil {
			return nil, errTokenScopes
		}
	}
	return scopes, nil
}

// UnmarshalJSON reads one name, or a list of names.
func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audience{one}
		return nil
	}
	var list []string
	if json.Unmarshal(b, &list) != nil {
		return errors.New("not a name or a list of names")
	}
	*a = list
	return nil
}
