// SPDX-License-Identifier: Apache-2.0

// Package backup writes the whole content of a store into one file, and restores it; or moves it into another store. It also
// keeps the revocation log: what was taken away from keys, outside the store, so that a backup that is restored does not
// revive it.
//
//	summary, err := backup.Write(file, backup.Header{Program: version, Created: now}, dump) // dump: authority.Backup
//	summary, err := backup.Restore(ctx, store, file, now)                                    // into an empty store
//
// An archive is a gzip stream (RFC 1952) of lines of JSON. Each line is an object with one field, which names its kind:
//
//	{"keywright_backup":{"version":1,"program":"1.4.0","created":"2030-01-02T03:04:05Z"}}
//	{"keyspace":{…}} {"owner":{…}} {"record":{…}} {"balance":{…}} {"entry":{…}} {"answer":{…}} {"item":{…}}
//	{"checkpoint":{…}} {"usage":{…}} {"use":{…}} {"meter":{…}} {"event":{…}}
//	{"end":{"counts":{"keyspace":2,…},"sequence":9,"hash":"…","sha256":"…"}}
//
// The kinds come in this order, each as often as there are values. The last line says how many there are of each, the last
// event of the audit chain, and the SHA-256 of all bytes of the lines before it: an archive that was cut off, changed, or
// whose writing failed in the middle is not taken for a whole one. It holds nothing of one kind of store, so a backup of one
// is restored into another.
//
// An archive holds hashes of keys, never keys. What must be readable is sealed with the root key, which is never in it.
package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

const (
	// Version is that of the archives that are written, and the newest that is read.
	Version = 1
	// MaxLine is the length of the longest line, in bytes.
	MaxLine = 16 << 20
)

// A Header begins an archive.
type Header struct {
	Version int       `json:"version"`
	Program string    `json:"program"` // the version of the program that wrote it
	Created time.Time `json:"created"`
}

// A Summary says what an archive holds.
type Summary struct {
	Header
	Counts   map[string]int // of each kind
	Sequence uint64         // of the last event
	Hash     keywright.Hash // of it
}

// end is the last line.
type end struct {
	Counts   map[string]int `json:"counts"`
	Sequence uint64         `json:"sequence"`
	Hash     keywright.Hash `json:"hash"`
	SHA256   keywright.Hash `json:"sha256"`
}

// A kind is one of the kinds of value, in the order in which they are written.
type kind struct {
	name string
	new  func() any
}

var kinds = []kind{
	{"keyspace", func() any { return new(authority.Keyspace) }},
	{"owner", func() any { return new(authority.Owner) }},
	{"record", func() any { return new(authority.Record) }},
	{"balance", func() any { return new(authority.Balance) }},
	{"entry", func() any { return new(authority.Entry) }},
	{"answer", func() any { return new(authority.Answer) }},
	{"item", func() any { return new(authority.Item) }},
	{"checkpoint", func() any { return new(authority.Checkpoint) }},
	{"usage", func() any { return new(authority.Usage) }},
	{"use", func() any { return new(authority.Use) }},
	{"meter", func() any { return new(authority.Meter) }},
	{"event", func() any { return new(authority.Event) }},
}

const (
	headerName = "keywright_backup"
	endName    = "end"
)

// kindOf returns the place of a value's kind, or -1.
func kindOf(v any) int {
	switch v.(type) {
	case *authority.Keyspace:
		return 0
	case *authority.Owner:
		return 1
	case *authority.Record:
		return 2
	case *authority.Balance:
		return 3
	case *authority.Entry:
		return 4
	case *authority.Answer:
		return 5
	case *authority.Item:
		return 6
	case *authority.Checkpoint:
		return 7
	case *authority.Usage:
		return 8
	case *authority.Use:
		return 9
	case *authority.Meter:
		return 10
	case *authority.Event:
		return 11
	}
	return -1
}

// ErrArchive is wrapped by every *ArchiveError.
var ErrArchive = errors.New("the backup cannot be used")

// An ArchiveError says why an archive is not whole, or is none. It never repeats what that holds.
type ArchiveError struct{ Problem string }

func (e *ArchiveError) Error() string { return ErrArchive.Error() + ": " + e.Problem }

// Unwrap returns ErrArchive.
func (e *ArchiveError) Unwrap() error { return ErrArchive }

// ErrNewer says that a newer version wrote an archive.
var ErrNewer error = &ArchiveError{"a newer version wrote it"}

func damaged(format string, args ...any) error { return &ArchiveError{fmt.Sprintf(format, args...)} }

// line returns a value as it stands on a line.
func line(name string, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("a value of kind %s cannot be written: %w", name, err)
	}
	b := make([]byte, 0, len(name)+len(text)+6)
	b = append(b, `{"`...)
	b = append(b, name...)
	b = append(b, `":`...)
	b = append(b, text...)
	return append(b, "}\n"...), nil
}
