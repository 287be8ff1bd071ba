// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math/bits"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// keys are made for a table: of every one its hash, of one in so many the text. They lie flat, so that they do not
// count when collections are measured.
type keys struct {
	hashes []keywright.Hash
	texts  []byte // of the keys 0, each, 2·each …
	each   int
	length int // of a text
}

// makeKeys makes keys of the format of the default keyspace.
func makeKeys(ctx context.Context, n, each int) (*keys, error) {
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }()
	a, err := open(ctx, store) // makes the keyspace
	if err != nil {
		return nil, err
	}
	a.Close()
	page, err := store.List(ctx, authority.Query{Of: authority.Keyspaces, Keyspace: authority.DefaultKeyspace})
	if err != nil {
		return nil, err
	}
	generator, err := keywright.NewGenerator(page.Keyspaces[0].Formats[0], rand.Reader)
	if err != nil {
		return nil, err
	}
	k := &keys{hashes: make([]keywright.Hash, n), each: each}
	for i := range k.hashes {
		key, err := generator.Next("live")
		if err != nil {
			return nil, err
		}
		k.hashes[i] = key.Hash()
		if text := key.Full().Reveal(); i%each == 0 {
			k.texts, k.length = append(k.texts, text...), len(text)
		}
	}
	return k, nil
}

// secrets are the keys of which the text is held.
func (k *keys) secrets() []keywright.Secret {
	all := make([]keywright.Secret, 0, len(k.texts)/k.length)
	for at := 0; at < len(k.texts); at += k.length {
		all = append(all, keywright.NewSecret(string(k.texts[at:at+k.length])))
	}
	return all
}

// A source is a store in memory that a table can be warmed from: records that it makes up as they are read, one for
// every step-th hash, and an empty store for all else. So what is measured is the table, without a database.
type source struct {
	*sqlite.Store
	keys   *keys
	step   int
	owners int // different ones; 0: each key has its own
}

func (s *source) owner(i int) string {
	if s.owners > 0 {
		return fmt.Sprint("team_", i%s.owners)
	}
	return fmt.Sprint("customer_", i)
}

// Scan visits the records.
func (s *source) Scan(ctx context.Context, visit func(*authority.Record) error) error {
	r := authority.Record{
		Keyspace: authority.DefaultKeyspace, Format: "secret", Environment: "live", Scopes: scopes, Version: 1,
		Secrets: make([]authority.StoredSecret, 1),
	}
	for i := 0; i < len(s.keys.hashes); i += s.step {
		r.ID[0] = 1
		binary.BigEndian.PutUint64(r.ID[8:], bits.RotateLeft64(uint64(i)*0x9e3779b97f4a7c15, 32))
		r.Owner = s.owner(i)
		r.Secrets[0].Hash = s.keys.hashes[i]
		if err := visit(&r); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// warm fills the table of an authority from a source, and says what processor time that took.
func warm(ctx context.Context, s *source) (a *authority.Authority, took time.Duration, err error) {
	if s.Store, err = sqlite.OpenMemory(ctx); err != nil {
		return nil, 0, err
	}
	start := busy()
	if a, err = open(ctx, s); err != nil {
		return nil, 0, err
	}
	err = a.Warm(ctx)
	return a, busy() - start, err
}

func open(ctx context.Context, store authority.Store) (*authority.Authority, error) {
	return authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
}
