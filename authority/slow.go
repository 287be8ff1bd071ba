// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/keywright/keywright"
)

const (
	slowAtOnce  = 2  // slow hashes judged at the same time
	slowWaiting = 32 // that wait for their turn; more are told to come again

	maxBcryptCost   = 14
	maxBcryptBytes  = 72 // bcrypt reads no further
	maxArgonKiB     = 256 << 10
	maxArgonTime    = 10
	maxArgonThreads = 16
)

// SlowHash is what a secret with a slow hash is found by, since its hash cannot be computed without it: it stands for a
// public id in a keyspace. It is the complement of a SHA-256 digest: no text is known whose SHA-256 it is, so nobody can
// present one.
func SlowHash(keyspace, publicID string) keywright.Hash {
	h := sha256.New()
	writeField(h, []byte("keywright slow 1"))
	writeField(h, []byte(keyspace))
	writeField(h, []byte(publicID))
	sum := keywright.Hash(h.Sum(nil))
	for i := range sum {
		sum[i] = ^sum[i]
	}
	return sum
}

// A slowHash judges texts by a hash that takes long on purpose.
type slowHash interface {
	matches(text string) bool
}

var errNotSlow = errors.New("is not a bcrypt or argon2 hash")

// parseSlow reads a bcrypt hash, or an argon2id or argon2i hash in the PHC string format, and refuses parameters that
// would take too long or too much memory. Its errors never repeat what it read.
func parseSlow(text string) (slowHash, error) {
	switch {
	case strings.HasPrefix(text, "$2"):
		return parseBcrypt(text)
	case strings.HasPrefix(text, "$argon2"):
		return parseArgon(text)
	}
	return nil, errNotSlow
}

type bcryptHash string

// parseBcrypt reads $2b$12$, then 22 characters of salt and 31 of hash. $2x$ marks hashes of an implementation that was
// wrong for some texts.
func parseBcrypt(text string) (slowHash, error) {
	const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	if len(text) != 60 || !strings.Contains("aby", text[2:3]) || text[3] != '$' || text[6] != '$' || strings.Trim(text[7:], alphabet) != "" {
		return nil, errors.New("is not a bcrypt hash of 60 characters that begins with $2a$, $2b$ or $2y$")
	}
	cost, err := strconv.ParseUint(text[4:6], 10, 8)
	switch {
	case err != nil || cost < 4:
		return nil, errors.New("has no bcrypt cost of at least 4")
	case cost > maxBcryptCost:
		return nil, fmt.Errorf("has a bcrypt cost of more than %d", maxBcryptCost)
	}
	return bcryptHash(text), nil
}

func (h bcryptHash) matches(text string) bool {
	return len(text) <= maxBcryptBytes && bcrypt.CompareHashAndPassword([]byte(h), []byte(text)) == nil
}

type argonHash struct {
	id           bool // argon2id, else argon2i
	time, memory uint32
	threads      uint8
	salt, sum    []byte
}

// parseArgon reads $argon2id$v=19$m=65536,t=3,p=4$salt$hash.
func parseArgon(text string) (slowHash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[1] != "argon2id" && parts[1] != "argon2i" {
		return nil, errors.New("is not an argon2id or argon2i hash in the PHC string format")
	}
	if parts[2] != "v=19" {
		return nil, errors.New("is not of argon2 version 19")
	}
	h := argonHash{id: parts[1] == "argon2id"}
	sizes, err := argonSizes(parts[3])
	if err != nil {
		return nil, err
	}
	h.memory, h.time, h.threads = sizes[0], sizes[1], uint8(sizes[2])
	if h.salt, err = argonBytes(parts[4], 8); err != nil {
		return nil, fmt.Errorf("has a salt that %w", err)
	}
	if h.sum, err = argonBytes(parts[5], 16); err != nil {
		return nil, fmt.Errorf("has a hash that %w", err)
	}
	return h, nil
}

// argonSizes reads m=65536,t=3,p=4.
func argonSizes(text string) (sizes [3]uint32, err error) {
	fields := strings.Split(text, ",")
	if len(fields) != len(sizes) {
		return sizes, errors.New("has no m, t and p")
	}
	for i, bound := range [...]struct {
		name string
		most uint64
	}{{"m=", maxArgonKiB}, {"t=", maxArgonTime}, {"p=", maxArgonThreads}} {
		digits, ok := strings.CutPrefix(fields[i], bound.name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || n == 0 || digits[0] == '0' {
			return sizes, errors.New("has no m, t and p")
		}
		if n > bound.most {
			return sizes, fmt.Errorf("has an argon2 parameter %s of more than %d", bound.name[:1], bound.most)
		}
		sizes[i] = uint32(n)
	}
	if sizes[0] < 8*sizes[2] {
		return sizes, errors.New("has less than 8 KiB of memory for each lane")
	}
	return sizes, nil
}

func argonBytes(text string, least int) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") || len(b) < least || len(b) > 64 {
		return nil, fmt.Errorf("is not base64 of %d to 64 bytes", least)
	}
	return b, nil
}

func (h argonHash) matches(text string) bool {
	derive := argon2.Key
	if h.id {
		derive = argon2.IDKey
	}
	sum := derive([]byte(text), h.salt, h.time, h.memory, h.threads, uint32(len(h.sum)))
	return subtle.ConstantTimeCompare(sum, h.sum) == 1
}

// A slowPool bounds what slow hashes take: nobody can make more of them run at once by sending keys.
type slowPool struct {
	turns   chan struct{}
	waiting atomic.Int32
}

func newSlowPool() *slowPool { return &slowPool{turns: make(chan struct{}, slowAtOnce)} }

// judge reports whether a text matches. An error means that it was not judged.
func (p *slowPool) judge(ctx context.Context, h slowHash, text string) (bool, error) {
	if p.waiting.Add(1) > slowAtOnce+slowWaiting {
		p.waiting.Add(-1)
		return false, &Error{
			Kind: Unavailable, Problem: "too many keys with slow hashes are being judged",
			Hint: "try again in a second; at its first valid use a key gets a fast hash",
		}
	}
	defer p.waiting.Add(-1)
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
		return h.matches(text), nil
	case <-ctx.Done():
		return false, fromStore(ctx.Err())
	}
}
