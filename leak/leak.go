// SPDX-License-Identifier: Apache-2.0

// Package leak finds API keys in text that should hold none: sources, logs, archives, whatever a reader gives.
//
// Start with New, which says what to look for, then give Stream a reader:
//
//	s, err := leak.New(leak.Options{Formats: []leak.Format{{Format: acme, Keyspace: "acme"}}, Known: true})
//	_, err = s.Stream(file, func(f leak.Finding) { report(f.Line, f.Masked) })
//
// A key is found by the text that it begins with, by its shape, and by its checksum where its format has one. It is
// found as it stands, in UTF-16, in base64 and in URL encoding, and in these within each other. What a wrong checksum
// proves to be none is left out, and so are publishable keys, which may be seen by anyone.
//
// A finding never prints the key: Key is a keywright.Secret, and Masked has its public segments alone.
//
// The package reads no file and asks no network. Memory does not grow with what is read.
package leak

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/keywright/keywright"
)

// A Format is one whose keys are looked for.
type Format struct {
	keywright.Format
	Keyspace string // whose format it is, where a server has it
}

// Options say which keys to look for.
type Options struct {
	// Formats of one's own. Their prefix or their environment tells them from other text.
	Formats []Format
	// Known adds the keys of other issuers, and the presets that can be told without knowing whose keys they are.
	Known bool
}

// A Finding is a key and where it was found.
type Finding struct {
	Key         keywright.Secret         `json:"-"` // the whole key, as its format writes it
	Line        int                      `json:"line"`
	Column      int                      `json:"column"` // in bytes, from 1
	Offset      int64                    `json:"offset"` // in bytes, from 0
	Length      int                      `json:"length"` // in bytes, as it stands there
	Encoding    string                   `json:"encoding"`
	Preset      string                   `json:"preset"`
	Issuer      string                   `json:"issuer"` // who issues such keys, where that is known
	Kind        string                   `json:"kind"`   // what its issuer calls it
	Format      string                   `json:"format"` // the name of its format in the keyspace
	Keyspaces   []string                 `json:"keyspaces"`
	Prefix      string                   `json:"prefix"`
	Environment string                   `json:"environment"`
	PublicID    string                   `json:"public_id"`
	Checksum    keywright.ChecksumResult `json:"checksum"`
	Masked      string                   `json:"key_masked"`
	Revoke      string                   `json:"revoke"` // where its issuer ends it
}

// The encodings of a Finding; those within each other are joined by " in ".
const (
	Plain   = "plain"
	UTF16LE = "utf-16le"
	UTF16BE = "utf-16be"
	Base64  = "base64"
	URL     = "url"
)

// Fingerprint tells keys apart without revealing them: 32 hexadecimal digits. It is not the storage hash.
func (f *Finding) Fingerprint() string {
	h := sha256.New()
	h.Write([]byte("keywright leak fingerprint 1\x00"))
	h.Write([]byte(f.Key.Reveal()))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// settle orders findings of one text and drops what stands within another: the same key seen through two encodings, or
// a part of a longer one.
func settle(found []Finding) []Finding {
	if len(found) < 2 {
		return found
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length))
	})
	kept, end := found[:0], int64(-1)
	for _, f := range found {
		if f.Offset >= end {
			kept, end = append(kept, f), f.Offset+int64(f.Length)
		}
	}
	return kept
}
