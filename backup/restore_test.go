// SPDX-License-Identifier: Apache-2.0

package backup_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/backup"
	"github.com/keywright/keywright/store/sqlite"
)

func restore(t testing.TB, archive []byte) *sqlite.Store {
	t.Helper()
	store := memory(t)
	if _, err := backup.Restore(ctx, store, bytes.NewReader(archive), time.Now()); err != nil {
		t.Fatal(err)
	}
	return store
}

func wantFrozen(t testing.TB, a *authority.Authority, key keywright.Secret) {
	t.Helper()
	v, err := a.Verify(ctx, keywright.Ask{Key: key, Keyspace: "default"})
	var own *authority.Error
	if !errors.As(err, &own) || own.Kind != authority.Unavailable || own.Hint == "" || v.Code != "" {
		t.Errorf("judged %q, %v over a frozen store", v.Code, err)
	}
	if _, err := a.Authenticate(ctx, key, authority.Origin{}); !errors.As(err, &own) || own.Kind != authority.Unavailable {
		t.Errorf("authenticate: %v", err)
	}
	if err := a.RevokeSelf(ctx, key, authority.Origin{}); !errors.As(err, &own) || own.Kind != authority.Unavailable {
		t.Errorf("revoke self: %v", err)
	}
	if a.Frozen() == nil {
		t.Error("it is not told as frozen")
	}
}

func wantCode(t testing.TB, a *authority.Authority, key keywright.Secret, code keywright.Code) {
	t.Helper()
	if v, err := a.Verify(ctx, keywright.Ask{Key: key, Keyspace: "default"}); err != nil || v.Code != code {
		t.Errorf("got %s, %v; want %s", v.Code, err, code)
	}
}

// TestARevokedKeyDoesNotComeBack backs up, revokes, and restores: with the log, without it, and with the loss accepted.
func TestARevokedKeyDoesNotComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	taken, err := backup.OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	a := open(t, memory(t), func(o *authority.Options) { o.RevocationLog = taken })
	lives, dies := issue(t, a, authority.IssueRequest{}), issue(t, a, authority.IssueRequest{})
	archive := backUp(t, a)
	if _, err := a.Revoke(ctx, admin, dies.Record.ID, "leaked"); err != nil {
		t.Fatal(err)
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}

	merged := open(t, restore(t, archive))
	wantFrozen(t, merged, lives.Key)
	m, err := merged.MergeRevocations(ctx, admin, readLog(t, path))
	if err != nil || m != (authority.Merged{Entries: 1, Revoked: 1}) {
		t.Errorf("%+v, %v", m, err)
	}
	wantFrozen(t, merged, lives.Key)
	if err := merged.Thaw(ctx, admin, []string{"merged"}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, merged, lives.Key, keywright.Valid)
	wantCode(t, merged, dies.Key, keywright.Revoked)

	store := restore(t, archive)
	without := open(t, store)
	wantFrozen(t, without, dies.Key)
	without.Close()
	without = open(t, store) // a restart does not help
	wantFrozen(t, without, dies.Key)
	if err := without.Thaw(ctx, admin, []string{"loss accepted"}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, without, dies.Key, keywright.Valid)
	without.Close()
	without = open(t, store)
	wantCode(t, without, dies.Key, keywright.Valid)
	events, err := without.Events(ctx, admin, authority.EventQuery{Descending: true, Limit: 1})
	if err != nil || events[0].Verb != "store.restore" || events[0].Changes[0] != "loss accepted" {
		t.Errorf("left %+v, %v", events, err)
	}
	if err := without.Thaw(ctx, admin, nil); err == nil {
		t.Error("a store that is not frozen was thawed")
	}
	if r, err := without.VerifyChain(ctx, admin); err != nil || r.Broken != nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestABackupOfAFrozenStoreRestores: the mark of the first restore is not there twice.
func TestABackupOfAFrozenStoreRestores(t *testing.T) {
	a := open(t, memory(t))
	key := issue(t, a, authority.IssueRequest{}).Key
	frozen := open(t, restore(t, backUp(t, a)))
	again := open(t, restore(t, backUp(t, frozen)))
	wantFrozen(t, again, key)
	if err := again.Thaw(ctx, admin, nil); err != nil {
		t.Fatal(err)
	}
	wantCode(t, again, key, keywright.Valid)
}

// TestTheRootKeyIsNotInABackup searches an archive for it, and for what it sealed.
func TestTheRootKeyIsNotInABackup(t *testing.T) {
	root := make([]byte, authority.RootKeyBytes)
	if _, err := rand.Read(root); err != nil {
		t.Fatal(err)
	}
	sealer, err := authority.NewSealer(root, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := open(t, memory(t), func(o *authority.Options) { o.Sealer = sealer })
	mark, err := a.Checkpoint(ctx, admin, authority.CheckpointRequest{})
	if err != nil {
		t.Fatal(err)
	}
	issued := issue(t, a, authority.IssueRequest{})
	text := unpack(t, backUp(t, a))
	for name, secret := range map[string][]byte{"the root key": root, "a key": []byte(issued.Key.Reveal())} {
		for form, b := range map[string][]byte{
			"raw": secret, "hex": []byte(hex.EncodeToString(secret)), "base64": []byte(base64.StdEncoding.EncodeToString(secret)[:40]),
			"URL-safe base64": []byte(base64.RawURLEncoding.EncodeToString(secret)[:40]),
		} {
			if bytes.Contains(bytes.ToLower(text), bytes.ToLower(b)) {
				t.Errorf("%s is in the backup (%s)", name, form)
			}
		}
	}
	for _, there := range []string{base64.StdEncoding.EncodeToString(mark.Signer), issued.Record.Secrets[0].Hash.String(), `"item":{"Kind":"checkpoint-key"`} {
		if !bytes.Contains(text, []byte(there)) {
			t.Errorf("the search finds nothing: %s is not there", there)
		}
	}
	b := open(t, restore(t, backUp(t, a)), func(o *authority.Options) { o.Sealer = sealer })
	if all, closed, err := b.Sealed(ctx); all != 1 || closed != 0 || err != nil {
		t.Errorf("after a restore with the root key: %d sealed, %d closed, %v", all, closed, err)
	}
}

// TestBackupUnderLoad backs up while others write: each archive is one moment, whole, and its ledger adds up.
func TestBackupUnderLoad(t *testing.T) {
	store, err := sqlite.Open(ctx, t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	a := open(t, store)
	account := authority.AccountOf("default", "ann")
	move := &authority.Move{Account: account, Keyspace: "default", Owner: "ann", Kind: authority.MoveSet, Amount: 1 << 40, Time: moment}
	if err := store.Apply(ctx, authority.Change{Puts: []authority.Put{move}}); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for n := range 4 {
		writers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				issued, err := a.Issue(ctx, admin, authority.IssueRequest{Owner: "ann"})
				if err == nil && n%2 == 0 {
					_, err = a.Revoke(ctx, admin, issued.Record.ID, "")
				}
				if err == nil {
					_, err = store.Spend(ctx, []authority.Spending{{Key: issued.Record.ID, Time: moment, Accounts: []authority.Account{account}, Amount: 3}})
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	last := 0
	for range 5 {
		time.Sleep(50 * time.Millisecond)
		archive := backUp(t, a)
		values, err := read(archive) // walks the chain
		if err != nil {
			t.Fatal(err)
		}
		records, issues := 0, 0
		var balance, ledger int64
		for _, v := range values {
			switch v := v.(type) {
			case *authority.Record:
				records++
			case *authority.Event:
				if v.Verb == "key.issue" {
					issues++
				}
			case *authority.Balance:
				balance += v.Remaining
			case *authority.Entry:
				ledger += v.Amount
			}
		}
		if records != issues || balance != ledger || balance == 0 {
			t.Errorf("%d records and %d events of their issue; balances of %d, ledger of %d", records, issues, balance, ledger)
		}
		if records <= last {
			t.Errorf("nothing was written meanwhile: %d records", records)
		}
		last = records
		restore(t, archive)
	}
	close(stop)
	writers.Wait()
}

// TestRestoreIntoAFolder restores into a store on disk, as a user does, and not over one.
func TestRestoreIntoAFolder(t *testing.T) {
	a := open(t, memory(t))
	issue(t, a, authority.IssueRequest{})
	archive := backUp(t, a)
	dir := filepath.Join(t.TempDir(), "new")
	store, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := backup.Restore(ctx, store, bytes.NewReader(archive), time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(ctx, store, bytes.NewReader(archive), time.Now()); !errors.Is(err, authority.ErrNotEmpty) {
		t.Errorf("over a store: %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) < 2 {
		t.Errorf("%v, %v", files, err)
	}
}
