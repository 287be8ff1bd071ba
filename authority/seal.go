// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A Sealer encrypts what the authority must be able to read again, so that the store and its backups hold it only
// sealed. Kind and name are those of the Item it is kept in: what was sealed for one does not open as another.
type Sealer interface {
	Seal(kind, name string, plain []byte) ([]byte, error)
	// Unseal returns ErrSeal where it was sealed with another key, for another item, or was changed.
	Unseal(kind, name string, sealed []byte) ([]byte, error)
}

// RootKeyBytes is the length of a root key.
const RootKeyBytes = 32

// ErrSeal says that something sealed cannot be opened.
var ErrSeal = errors.New("cannot be opened: it was sealed with another root key, or changed since")

// sealHeader begins everything sealed; its last byte is the version. Behind it come a nonce of 12 bytes, the
// ciphertext, and the tag of 16 bytes.
const sealHeader = "kwseal\x00\x01"

type rootSealer struct {
	root   []byte
	random io.Reader
}

// NewSealer returns a sealer with a root key of 32 bytes, which lives outside the store. Each kind of thing is sealed
// with a key of its own, derived by HKDF-SHA256 (RFC 5869), by AES-256-GCM (NIST SP 800-38D) with a random nonce. Header,
// kind and name are authenticated with it.
func NewSealer(rootKey []byte, random io.Reader) (Sealer, error) {
	if len(rootKey) != RootKeyBytes {
		return nil, fmt.Errorf("a root key has %d bytes, not %d", RootKeyBytes, len(rootKey))
	}
	if random == nil {
		return nil, errors.New("NewSealer needs randomness")
	}
	return &rootSealer{bytes.Clone(rootKey), random}, nil
}

// String keeps the key out of what is printed.
func (*rootSealer) String() string { return "[root key]" }

// GoString keeps the key out of what is printed.
func (*rootSealer) GoString() string { return "[root key]" }

// Seal encrypts.
func (s *rootSealer) Seal(kind, name string, plain []byte) ([]byte, error) {
	aead, err := s.aead(kind)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(s.random, nonce); err != nil {
		return nil, fmt.Errorf("no randomness: %w", err)
	}
	return aead.Seal(append([]byte(sealHeader), nonce...), nonce, plain, sealedFor(kind, name)), nil
}

// Unseal decrypts.
func (s *rootSealer) Unseal(kind, name string, sealed []byte) ([]byte, error) {
	aead, err := s.aead(kind)
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(sealed, []byte(sealHeader))
	if !ok || len(rest) < aead.NonceSize() {
		return nil, ErrSeal
	}
	plain, err := aead.Open(nil, rest[:aead.NonceSize()], rest[aead.NonceSize():], sealedFor(kind, name))
	if err != nil {
		return nil, ErrSeal
	}
	return plain, nil
}

func (s *rootSealer) aead(kind string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, s.root, nil, "keywright seal 1 "+kind, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// sealedFor is what a seal is bound to.
func sealedFor(kind, name string) []byte {
	b := []byte(sealHeader)
	for _, s := range []string{kind, name} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// needSealer is the error of an act that cannot do without one.
func (a *Authority) needSealer() error {
	if a.sealer != nil {
		return nil
	}
	return &Error{Kind: Conflicting, Problem: "there is no root key to seal with", Hint: "start the server with --root-key-file, or give the library Options.Sealer"}
}

// Sealed reports whether what an item holds was sealed.
func (i *Item) Sealed() bool { return bytes.HasPrefix(i.Data, []byte(sealHeader)) }

// Sealed reports how many items of the store are sealed, and how many of those the sealer does not open: then it has
// another root key than the one they were sealed with.
func (a *Authority) Sealed(ctx context.Context) (all, closed int, err error) {
	page, err := a.store.List(ctx, Query{Of: Items})
	if err != nil {
		return 0, 0, fromStore(err)
	}
	for _, item := range page.Items {
		if !item.Sealed() {
			continue
		}
		all++
		if a.sealer == nil {
			closed++
		} else if _, err := a.sealer.Unseal(item.Kind, item.Name, item.Data); err != nil {
			closed++
		}
	}
	return all, closed, nil
}
