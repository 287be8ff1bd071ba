// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json" // refuses a name that stands twice, and tells names in other cases apart
)

const maxKeySet = 64 << 10

var (
	errKeySet     = fmt.Errorf("%w: the key set is not a JSON object with a list of keys", ErrUnusable)
	errKeySetSize = fmt.Errorf("%w: the key set is larger than 64 KiB", ErrUnusable)
	errJWK        = fmt.Errorf("%w: the key set holds a damaged key", ErrUnusable)
	errPrivateJWK = fmt.Errorf("%w: the key set holds a private or a symmetric key, and whoever has it can make tokens: change it, and publish public keys alone", ErrUnusable)
	errKeyIDs     = fmt.Errorf("%w: the key set holds a key without a kid, or two with the same", ErrUnusable)
	errAlgorithms = fmt.Errorf("%w: the key set holds a key whose alg is not that of its kind", ErrUnusable)
	errNoKeys     = fmt.Errorf("%w: the key set holds no key of Ed25519 or P-256 for signatures", ErrUnusable)
)

// A KeySet is the public keys that verify tokens. It may be shown to everybody.
type KeySet struct{ keys []jose.JSONWebKey }

// NewKeySet returns the public halves of keys, in their order.
func NewKeySet(keys ...TokenKey) (KeySet, error) {
	var s KeySet
	seen := map[string]bool{}
	for _, k := range keys {
		switch {
		case k.private == nil:
			return KeySet{}, errNoTokenKey
		case seen[k.id]:
			return KeySet{}, errKeyIDs
		}
		seen[k.id] = true
		s.keys = append(s.keys, k.public())
	}
	if len(s.keys) == 0 {
		return KeySet{}, errNoTokenKey
	}
	return s, nil
}

// MarshalJSON writes a JWK set (RFC 7517, 5): what is served as jwks.json.
func (s KeySet) MarshalJSON() ([]byte, error) {
	if len(s.keys) == 0 {
		return nil, errNoKeys
	}
	return json.Marshal(jose.JSONWebKeySet{Keys: s.keys})
}

// ParseKeySet reads a JWK set of at most 64 KiB. Keys of other kinds and for other uses are left out, as RFC 7517
// wants it (5); a private or symmetric key is an error, for it has been published. Errors wrap ErrUnusable.
func ParseKeySet(text []byte) (KeySet, error) {
	if len(text) > maxKeySet {
		return KeySet{}, errKeySetSize
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return KeySet{}, errKeySet
	}
	var s KeySet
	seen := map[string]bool{}
	for _, raw := range set.Keys {
		key, ours, err := parseJWK(raw)
		switch {
		case err != nil:
			return KeySet{}, err
		case !ours:
			continue
		case key.KeyID == "" || seen[key.KeyID]:
			return KeySet{}, errKeyIDs
		}
		seen[key.KeyID] = true
		s.keys = append(s.keys, key)
	}
	if len(s.keys) == 0 {
		return KeySet{}, errNoKeys
	}
	return s, nil
}

// parseJWK reads one key, and says whether it is of a kind that signs tokens.
func parseJWK(raw []byte) (key jose.JSONWebKey, ours bool, err error) {
	var names struct {
		Type    string          `json:"kty"`
		Curve   string          `json:"crv"`
		Use     string          `json:"use"`
		Private json.RawMessage `json:"d"`
		Secret  json.RawMessage `json:"k"`
	}
	if err := json.Unmarshal(raw, &names); err != nil {
		return jose.JSONWebKey{}, false, errJWK
	}
	kind := names.Type + " " + names.Curve
	switch {
	case names.Private != nil || names.Secret != nil:
		return jose.JSONWebKey{}, false, errPrivateJWK
	case kind != "OKP Ed25519" && kind != "EC P-256" || names.Use != "" && names.Use != "sig":
		return jose.JSONWebKey{}, false, nil
	}
	if err := json.Unmarshal(raw, &key); err != nil || !key.Valid() {
		return jose.JSONWebKey{}, false, errJWK
	}
	algorithm := algorithmOf(key.Key)
	if algorithm == "" || key.Algorithm != "" && key.Algorithm != string(algorithm) {
		return jose.JSONWebKey{}, false, errAlgorithms
	}
	key.Algorithm = string(algorithm)
	return key, true, nil
}

// algorithmOf returns the one algorithm that a public key verifies.
func algorithmOf(public any) Algorithm {
	switch p := public.(type) {
	case ed25519.PublicKey:
		return EdDSA
	case *ecdsa.PublicKey:
		if p.Curve == elliptic.P256() {
			return ES256
		}
	}
	return ""
}

// IDs returns the kid of every key, in order.
func (s KeySet) IDs() []string {
	ids := make([]string, 0, len(s.keys))
	for _, k := range s.keys {
		ids = append(ids, k.KeyID)
	}
	return ids
}

// Only returns the keys of a set that have one of these ids.
func (s KeySet) Only(ids []string) KeySet {
	var some KeySet
	for _, k := range s.keys {
		if slices.Contains(ids, k.KeyID) {
			some.keys = append(some.keys, k)
		}
	}
	return some
}

// find returns the key with an id.
func (s KeySet) find(id string) (jose.JSONWebKey, bool) {
	for _, k := range s.keys {
		if k.KeyID == id {
			return k, true
		}
	}
	return jose.JSONWebKey{}, false
}
