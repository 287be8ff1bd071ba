// SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

const (
	onceFor  = 10 * time.Minute
	onceMost = 1000 // keys that wait to be fetched
)

// onceKeys are new keys that wait behind links, each for one reader and for ten minutes. They are in memory alone: a
// restart loses them, and the keys must be rotated. Each is sealed with its link, of which only a hash is known here, so
// that a dump of the memory holds no key that waits.
type onceKeys struct {
	mu   sync.Mutex
	held map[keywright.Hash]onceKey // by the hash of the token
	now  func() time.Time
}

type onceKey struct {
	sealed   []byte
	id       keywright.KeyID
	keyspace string
	until    time.Time
}

func newOnceKeys() *onceKeys { return &onceKeys{held: map[keywright.Hash]onceKey{}, now: time.Now} }

// Room reports whether one more new key can wait behind a link. It is asked before a key is made.
func (s *Server) Room() error {
	s.once.mu.Lock()
	defer s.once.mu.Unlock()
	if s.once.sweep(); len(s.once.held) >= onceMost {
		return api.NewProblem(api.Unavailable, "", "too many new keys wait behind links to be fetched", "come again in ten minutes")
	}
	return nil
}

// Keep holds a new key for whoever opens a link, once, and returns the path of the link and its end.
func (s *Server) Keep(key keywright.Secret, id keywright.KeyID, keyspace string) (path string, until time.Time, err error) {
	token := make([]byte, 32)
	if _, err := rand.Read(token); err != nil {
		return "", time.Time{}, err
	}
	text := base64.RawURLEncoding.EncodeToString(token)
	until, err = s.once.put(text, key, id, keyspace)
	return strings.Replace(api.PathOnce, "{token}", text, 1), until, err
}

func (o *onceKeys) put(token string, key keywright.Secret, id keywright.KeyID, keyspace string) (time.Time, error) {
	aead, err := onceSeal(token)
	if err != nil {
		return time.Time{}, err
	}
	sealed := aead.Seal(nil, make([]byte, aead.NonceSize()), []byte(key.Reveal()), nil) // the key of the seal is used once
	o.mu.Lock()
	defer o.mu.Unlock()
	k := onceKey{sealed, id, keyspace, o.now().Add(onceFor).UTC().Truncate(time.Second)}
	o.held[keywright.HashText(token)] = k
	return k.until, nil
}

// take returns a key and forgets it; what was taken or has ended is as if it never was.
func (o *onceKeys) take(token string) (k onceKey, key keywright.Secret, ok bool) {
	hash := keywright.HashText(token)
	o.mu.Lock()
	o.sweep()
	k, ok = o.held[hash]
	delete(o.held, hash)
	o.mu.Unlock()
	if !ok {
		return onceKey{}, keywright.Secret{}, false
	}
	aead, err := onceSeal(token)
	if err != nil {
		return onceKey{}, keywright.Secret{}, false
	}
	plain, err := aead.Open(nil, make([]byte, aead.NonceSize()), k.sealed, nil)
	return k, keywright.NewSecret(string(plain)), err == nil
}

// giveBack undoes a take whose key was not handed out.
func (o *onceKeys) giveBack(token string, k onceKey) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held[keywright.HashText(token)] = k
}

// sweep forgets what has ended.
func (o *onceKeys) sweep() {
	now := o.now()
	for hash, k := range o.held {
		if !now.Before(k.until) {
			delete(o.held, hash)
		}
	}
}

// onceSeal is what a link seals its key with.
func onceSeal(token string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(token), nil, "keywright once 1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
