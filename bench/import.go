// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// importKeys imports lines of JSON with a hash each: a million, or as many as KEYWRIGHT_BENCH_LINES says. The floor is plain
// inserts of the same rows, in tables with the same indexes, in transactions of the same size. Both do a tenth in turns.
func importKeys() error {
	n := million
	if text := os.Getenv("KEYWRIGHT_BENCH_LINES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 10 {
			return errors.New("KEYWRIGHT_BENCH_LINES is not a number of lines")
		}
	}
	dir, err := os.MkdirTemp("", "keywright-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	a, done, err := importAuthority(filepath.Join(dir, "ours"))
	if err != nil {
		return err
	}
	defer done()
	db, err := floorStore(filepath.Join(dir, "floor.db"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var ours, floor time.Duration
	var heaps []uint64
	for part := range 10 {
		from, to := n/10*part, n/10*(part+1)
		lines := importLines(from, to)
		runtime.GC()
		watch := watchHeap()
		took, err := importPart(a, lines)
		if err != nil {
			return err
		}
		ours += took
		heaps = append(heaps, watch.done())
		start := time.Now()
		for ; from < to; from += 10_000 {
			if err := floorChunk(db, from, min(from+10_000, to)); err != nil {
				return err
			}
		}
		floor += time.Since(start)
	}
	lines := n / 10 * 10
	rate := func(took time.Duration) float64 { return float64(lines) / took.Seconds() }
	fmt.Printf("import of %d lines of JSON with a hash each: %.1f s, %.0f lines a second\n", lines, ours.Seconds(), rate(ours))
	fmt.Printf("peak heap beyond the lines and what was there: %d MB in the first tenth, %d MB in the last; the table of hashes has %d MB\n", heaps[0]>>20, heaps[9]>>20, a.Stats().Bytes>>20)
	fmt.Printf("floor: plain inserts of the same rows and indexes: %.1f s, %.0f a second\n", floor.Seconds(), rate(floor))
	fmt.Printf("ratio to the floor: %.2f\n", ours.Seconds()/floor.Seconds())
	return nil
}

// importLines makes a part of the file.
func importLines(from, to int) []byte {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, `{"name":"of customer %d","owner":"team_%d","scopes":["invoices:read"],"hash":"%s","created_at":"2024-03-01T12:00:00Z"}`+"\n",
			i, i%10_000, keywright.HashText("key "+strconv.Itoa(i)))
	}
	return []byte(b.String())
}

var importer = authority.Operator("bench", authority.Origin{})

// importAuthority opens a store with a keyspace for keys of any shape.
func importAuthority(dir string) (*authority.Authority, func(), error) {
	ctx := context.Background()
	store, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		return nil, nil, err
	}
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	done := func() { a.Close(); _ = store.Close() }
	f, err := keywright.Preset("opaque")
	if err == nil {
		_, err = a.CreateKeyspace(ctx, importer, authority.KeyspaceRequest{Name: "bench", Formats: []keywright.Format{f}, Environments: []string{}})
	}
	if err != nil {
		done()
	}
	return a, done, err
}

func importPart(a *authority.Authority, lines []byte) (time.Duration, error) {
	start := time.Now()
	totals, err := a.ImportMany(context.Background(), importer, authority.ImportOptions{Keyspace: "bench"}, func(yield func(authority.ImportRequest, error) bool) {
		for len(lines) > 0 {
			end := bytes.IndexByte(lines, '\n')
			var l api.ImportLine
			err := json.Unmarshal(lines[:end], &l)
			lines = lines[end+1:]
			q := authority.ImportRequest{
				IssueRequest: authority.IssueRequest{Name: l.Name, Owner: l.Owner, Scopes: l.Scopes}, Created: l.CreatedAt,
				Secrets: []authority.ImportSecret{{Hash: l.Hash}},
			}
			if !yield(q, err) {
				return
			}
		}
	}, func([]authority.ImportResult) error { return nil })
	took := time.Since(start)
	if err == nil && totals.Refused > 0 {
		err = fmt.Errorf("%d lines were refused", totals.Refused)
	}
	return took, err
}

// heapWatch looks at the heap while something runs.
type heapWatch struct {
	stop  chan struct{}
	ended chan struct{}
	base  uint64
	peak  uint64
}

func watchHeap() *heapWatch {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w := &heapWatch{stop: make(chan struct{}), ended: make(chan struct{}), base: m.HeapAlloc}
	go func() {
		defer close(w.ended)
		for {
			select {
			case <-w.stop:
				return
			case <-time.After(100 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				w.peak = max(w.peak, m.HeapAlloc-min(m.HeapAlloc, w.base))
			}
		}
	}()
	return w
}

// done returns the peak.
func (w *heapWatch) done() uint64 {
	close(w.stop)
	<-w.ended
	return w.peak
}

// The same rows and indexes as those of the store.
const floorSchema = `
CREATE TABLE records (id BLOB NOT NULL PRIMARY KEY, keyspace TEXT NOT NULL, format TEXT NOT NULL, environment TEXT NOT NULL, owner TEXT NOT NULL,
	parent BLOB, scopes TEXT NOT NULL, terms TEXT NOT NULL, rules TEXT NOT NULL, not_before INTEGER NOT NULL, expires INTEGER NOT NULL, disabled INTEGER NOT NULL,
	revoked INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, version INTEGER NOT NULL, rotated INTEGER, name TEXT NOT NULL,
	reason TEXT NOT NULL, metadata TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE secrets (record BLOB NOT NULL, position INTEGER NOT NULL, keyspace TEXT NOT NULL, hash BLOB NOT NULL, public_id TEXT NOT NULL,
	created INTEGER NOT NULL, expires INTEGER NOT NULL, registered INTEGER NOT NULL, pepper TEXT NOT NULL, slow TEXT NOT NULL, grace INTEGER NOT NULL,
	idle INTEGER NOT NULL, PRIMARY KEY (record, position)) STRICT, WITHOUT ROWID;
CREATE INDEX records_keyspace ON records (keyspace);
CREATE INDEX records_owner ON records (owner, keyspace);
CREATE INDEX records_rotated ON records (keyspace, rotated);
CREATE UNIQUE INDEX secrets_hash ON secrets (hash);`

func floorStore(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file://"+path+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=wal_autocheckpoint(16384)&_pragma=cache_size(-65536)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(floorSchema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func floorChunk(db *sql.DB, from, to int) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	record, err := tx.Prepare("INSERT INTO records VALUES (?, 'bench', 'opaque', '', ?, NULL, '[\"invoices:read\"]', '', '', 0, 0, 0, 0, ?, ?, 1, ?, ?, '', '')")
	if err != nil {
		return err
	}
	secret, err := tx.Prepare("INSERT INTO secrets VALUES (?, 0, 'bench', ?, '', ?, 0, 1, '', '', 0, 0)")
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		now := time.Now()
		id, err := keywright.NewKeyID(now, rand.Reader)
		if err != nil {
			return err
		}
		hash, at := keywright.HashText("key "+strconv.Itoa(i)), now.UnixMilli()
		if _, err := record.Exec(id[:], "team_"+strconv.Itoa(i%10_000), at, at, at, "of customer "+strconv.Itoa(i)); err != nil {
			return err
		}
		if _, err := secret.Exec(id[:], hash[:], at); err != nil {
			return err
		}
	}
	return tx.Commit()
}
