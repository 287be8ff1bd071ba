// SPDX-License-Identifier: Apache-2.0

package faultfs

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// connect opens a database on a disk, with as many connections as are wanted at once.
func connect(t *testing.T, path, mode string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file://"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode("+mode+")&vfs="+Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestConnectionsShareADisk lets connections read and write at once: what they see must be whole, so locks and shared
// memory must work.
func TestConnectionsShareADisk(t *testing.T) {
	for _, mode := range []string{"wal", "delete"} {
		t.Run(mode, func(t *testing.T) {
			disk := New(t.TempDir())
			defer disk.Close()
			db := connect(t, disk.folder+"/a.db", mode)
			if _, err := db.Exec("CREATE TABLE pairs (a INTEGER, b INTEGER); INSERT INTO pairs VALUES (0, 0)"); err != nil {
				t.Fatal(err)
			}
			const workers, rounds = 4, 25
			var wait sync.WaitGroup
			for range workers {
				wait.Go(func() {
					for range rounds {
						if _, err := db.Exec("UPDATE pairs SET a = a + 1, b = b - 1"); err != nil {
							t.Error(err)
						}
						var sum int
						if err := db.QueryRow("SELECT a + b FROM pairs").Scan(&sum); err != nil || sum != 0 {
							t.Errorf("sum %d, error %v", sum, err)
						}
					}
				})
			}
			wait.Wait()
			var a int
			if err := db.QueryRow("SELECT a FROM pairs").Scan(&a); err != nil || a != workers*rounds {
				t.Errorf("%d updates are there, want %d: %v", a, workers*rounds, err)
			}
		})
	}
}

func TestFailuresReachTheCaller(t *testing.T) {
	disk := New(t.TempDir())
	defer disk.Close()
	db := connect(t, disk.folder+"/a.db", "wal")
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE a (a)"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		operation Operation
		failure   Failure
		code      int
	}{
		{Write, EIO, sqlite3.SQLITE_IOERR_WRITE},
		{Write, Short, sqlite3.SQLITE_IOERR_WRITE},
		{Write, Full, sqlite3.SQLITE_FULL},
		{Sync, EIO, sqlite3.SQLITE_IOERR_FSYNC},
		{Sync, Forgotten, sqlite3.SQLITE_IOERR_FSYNC},
		{Sync, Dropped, sqlite3.SQLITE_IOERR_FSYNC},
	} {
		disk.Fail = func(call Call) Failure {
			if call.Operation == c.operation {
				return c.failure
			}
			return None
		}
		_, err := db.Exec("PRAGMA synchronous = FULL; INSERT INTO a VALUES (1)")
		var e *driver.Error
		if !errors.As(err, &e) || e.Code() != c.code {
			t.Errorf("%s at %s: error %v, want code %d", c.failure, c.operation, err, c.code)
		}
		disk.Fail = nil
	}
	var rows int
	if err := db.QueryRow("SELECT count(*) FROM a").Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows, error %v", rows, err)
	}
}

// TestWreckKeepsWhatWasSynced draws many wrecks of one moment: the synced part is in each, the rest in some.
func TestWreckKeepsWhatWasSynced(t *testing.T) {
	disk := New("/wreck")
	defer disk.Close()
	h, _ := disk.open("kept", sqlite3.SQLITE_OPEN_CREATE)
	h.write([]byte(strings.Repeat("a", 2*sector)), 0)
	h.sync()
	disk.SyncFolder("/wreck")
	h.write([]byte(strings.Repeat("b", 2*sector)), sector) // over the second half, and behind it
	if err := disk.Rename("/wreck/kept", "/wreck/renamed"); err != nil {
		t.Fatal(err)
	}
	disk.open("fresh", sqlite3.SQLITE_OPEN_CREATE)

	found := map[string]int{}
	wreck := disk.Wreck()
	for seed := range uint64(200) {
		after := wreck.Rebuild("/after", rand.New(rand.NewPCG(seed, 0)))
		kept, renamed := after.entries["kept"], after.entries["renamed"]
		if (kept == nil) == (renamed == nil) {
			t.Fatalf("seed %d: a rename left both names or none", seed)
		}
		if kept == nil {
			kept = renamed
			found["renamed"]++
		}
		if after.entries["fresh"] != nil {
			found["fresh"]++
		}
		text := string(kept.content)
		if !strings.HasPrefix(text, strings.Repeat("a", sector)) {
			t.Fatalf("seed %d: a synced sector is gone", seed)
		}
		found[fmt.Sprintf("%c of %d", text[sector], len(text)/sector)]++
	}
	for _, what := range []string{"renamed", "fresh", "a of 2", "b of 2", "a of 3", "b of 3"} {
		if n := found[what]; n == 0 || n == 200 {
			t.Errorf("%q %d times of 200, want some", what, n)
		}
	}
	t.Log(found)
}

func TestForgottenSyncIsNotMadeUpFor(t *testing.T) {
	disk := New("/forgotten")
	defer disk.Close()
	h, _ := disk.open("file", sqlite3.SQLITE_OPEN_CREATE)
	disk.SyncFolder("/forgotten")
	h.write([]byte("lost"), 0)
	disk.Fail = At(disk.Calls()+1, Forgotten)
	if h.sync() != sqlite3.SQLITE_IOERR_FSYNC || h.sync() != sqlite3.SQLITE_OK {
		t.Fatal("the first sync should fail, and the second not")
	}
	for seed := range uint64(20) {
		f, err := disk.Wreck().Rebuild("/after", rand.New(rand.NewPCG(seed, 0))).Open("/after/file")
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(f); err != nil || len(text) != 0 {
			t.Fatalf("%q is there, error %v", text, err)
		}
	}
	if string(h.file.content) != "lost" {
		t.Errorf("before the loss of power it reads as %q", h.file.content)
	}
}

func TestFilesPastSQLite(t *testing.T) {
	disk := New("/past")
	defer disk.Close()
	if err := disk.Create("/past/a"); err != nil {
		t.Fatal(err)
	}
	if err := disk.Create("/past/a"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made twice: error %v", err)
	}
	if _, err := disk.Open("/past/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened what is not there: error %v", err)
	}
	disk.Fail = At(disk.Calls()+1, Full)
	if err := disk.Create("/past/b"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("made on a full disk: error %v", err)
	}
	disk.Fail = From(disk.Calls() + 1)
	for range 2 {
		if err := disk.Remove("/past/a"); !errors.Is(err, syscall.EIO) {
			t.Errorf("removed on a dead disk: error %v", err)
		}
	}
}
