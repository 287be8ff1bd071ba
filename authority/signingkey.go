// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/signed"
)

const (
	itemSigningKey = "signing-key"

	// DefaultSigningKeyLife is how long a key signs tokens before another takes its place.
	DefaultSigningKeyLife = 30 * 24 * time.Hour
	// ShortestSigningKeyLife is the least it can be.
	ShortestSigningKeyLife = 4 * time.Hour
	// KeySetCache is how long others may keep the key set without asking again.
	KeySetCache = 5 * time.Minute

	// signingLead is how long a key is published before it signs: whoever has read the key set in the meantime knows it.
	signingLead = MaxTokenLife + KeySetCache
	// signingTail is how long a key is published after it signed last.
	signingTail = MaxTokenLife + KeySetCache
)

// A signingKey signs tokens from a time on, until the next one of its algorithm does.
type signingKey struct {
	item Item
	key  signed.TokenKey
	from time.Time
}

// sealedKey is what of a signing key is sealed.
type sealedKey struct {
	PEM  string    `json:"pem"`
	From time.Time `json:"from"`
}

// signing are the keys of the authority that sign tokens.
type signing struct {
	mu     sync.Mutex
	keys   []*signingKey // by from
	closed []Item        // that cannot be opened
	stale  bool          // they must be read again

	outdated atomic.Bool // another node has changed them
}

var errSigningClosed = &Error{
	Kind: Unavailable, Problem: "a key that signs tokens cannot be opened: it was sealed with another root key",
	Hint: "start the server with the right --root-key-file; where it is lost, keywright signing-keys rotate --revoke-old begins anew, and ends all tokens",
}

// loadSigningKeys reads the keys that sign tokens.
func (a *Authority) loadSigningKeys(ctx context.Context) error {
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemSigningKey})
	if err != nil {
		return fromStore(err)
	}
	a.signing.keys, a.signing.closed, a.signing.stale = nil, nil, false
	for _, item := range page.Items {
		k, err := a.openSigningKey(item)
		if err != nil {
			a.log.Error("a key that signs tokens cannot be opened; nothing is exchanged until it can", "kid", item.Name, "error", err)
			a.signing.closed = append(a.signing.closed, item)
			continue
		}
		a.signing.add(k)
	}
	return nil
}

// freshSigningKeys reads the keys again where a write of them has failed. The caller holds their lock.
func (a *Authority) freshSigningKeys(ctx context.Context) error {
	if a.signing.outdated.Swap(false) {
		a.signing.stale = true
	}
	if !a.signing.stale {
		return nil
	}
	return a.loadSigningKeys(ctx)
}

func (a *Authority) openSigningKey(item Item) (*signingKey, error) {
	if a.sealer == nil {
		return nil, ErrSeal
	}
	plain, err := a.sealer.Unseal(itemSigningKey, item.Name, item.Data)
	if err != nil {
		return nil, err
	}
	var kept sealedKey
	if json.Unmarshal(plain, &kept) != nil { // its error could repeat the key
		return nil, ErrSeal
	}
	key, err := signed.ParseTokenKey(keywright.NewSecret(kept.PEM))
	if err != nil {
		return nil, err
	}
	return &signingKey{item: item, key: key, from: kept.From}, nil
}

// newSigningKey makes a key and seals it.
func (a *Authority) newSigningKey(algorithm signed.Algorithm, now, from time.Time) (*signingKey, error) {
	if err := a.needSealer(); err != nil {
		return nil, err
	}
	key, err := signed.NewTokenKey(algorithm, a.random)
	if err != nil {
		return nil, fmt.Errorf("no signing key was made: %w", err)
	}
	text, err := key.PEM()
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(sealedKey{text.Reveal(), from})
	if err != nil {
		return nil, err
	}
	sealed, err := a.sealer.Seal(itemSigningKey, key.ID(), plain)
	if err != nil {
		return nil, err
	}
	return &signingKey{item: Item{Kind: itemSigningKey, Name: key.ID(), Data: sealed, Created: now, Version: 1}, key: key, from: from}, nil
}

func (s *signing) add(k *signingKey) {
	s.keys = append(s.keys, k)
	slices.SortStableFunc(s.keys, func(x, y *signingKey) int {
		return cmp.Or(x.from.Compare(y.from), x.item.Created.Compare(y.item.Created))
	})
}

// current returns the key that signs now and the one that will be next; nil: there is none. Where the clock was set back
// before the first, that one signs all the same.
func (s *signing) current(algorithm signed.Algorithm, now time.Time) (current, next *signingKey) {
	for _, k := range s.keys {
		switch {
		case k.key.Algorithm() != algorithm:
		case current == nil || !now.Before(k.from):
			current = k
		case next == nil:
			next = k
		}
	}
	return current, next
}

// successor returns the key that signs after one, or nil.
func (s *signing) successor(of *signingKey) *signingKey {
	for _, k := range s.keys[slices.Index(s.keys, of)+1:] {
		if k.key.Algorithm() == of.key.Algorithm() {
			return k
		}
	}
	return nil
}

// gone returns from when on no token of a key is valid; zero: not known.
func (s *signing) gone(k *signingKey) time.Time {
	next := s.successor(k)
	if next == nil {
		return time.Time{}
	}
	return next.from.Add(signingTail)
}

// signer returns the key that signs now. The first one is made when it is needed.
func (a *Authority) signer(ctx context.Context, algorithm signed.Algorithm) (signed.TokenKey, error) {
	a.signing.mu.Lock()
	defer a.signing.mu.Unlock()
	if err := a.freshSigningKeys(ctx); err != nil {
		return signed.TokenKey{}, err
	}
	if len(a.signing.closed) > 0 {
		return signed.TokenKey{}, errSigningClosed
	}
	k, err := a.firstSigner(ctx, algorithm, a.now())
	if err != nil {
		return signed.TokenKey{}, err
	}
	return k.key, nil
}

// firstSigner returns the key that signs at a time, and makes one where there is none.
func (a *Authority) firstSigner(ctx context.Context, algorithm signed.Algorithm, now time.Time) (*signingKey, error) {
	if k, _ := a.signing.current(algorithm, now); k != nil {
		return k, nil
	}
	k, err := a.newSigningKey(algorithm, now, now)
	if err != nil {
		return nil, err
	}
	return k, a.putSigningKeys(ctx, Operator("system", Origin{}), []*signingKey{k}, "", nil)
}

// KeySet returns the public keys of all tokens that can be valid. It is the zero value where there are none.
func (a *Authority) KeySet(ctx context.Context) (signed.KeySet, error) {
	if a.frozen.Load() {
		return signed.KeySet{}, errFrozen
	}
	a.signing.mu.Lock()
	defer a.signing.mu.Unlock()
	if err := a.freshSigningKeys(ctx); err != nil {
		return signed.KeySet{}, err
	}
	if len(a.signing.closed) > 0 {
		return signed.KeySet{}, errSigningClosed
	}
	keys := make([]signed.TokenKey, 0, len(a.signing.keys))
	for _, k := range a.signing.keys {
		keys = append(keys, k.key)
	}
	if len(keys) == 0 {
		return signed.KeySet{}, nil
	}
	return signed.NewKeySet(keys...)
}
