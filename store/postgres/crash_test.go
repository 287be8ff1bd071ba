// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
)

const crashDatabase = "KEYWRIGHT_TEST_CRASH_DATABASE"

// TestMain lets the test program be the child that is killed.
func TestMain(m *testing.M) {
	if url := os.Getenv(crashDatabase); url != "" {
		fmt.Fprintln(os.Stderr, issueForEver(url))
		os.Exit(1)
	}
	postgrestest.Main(m)
}

// issueForEver applies changes of some records and prints, once each is acknowledged, the ids in it.
func issueForEver(url string) error {
	s, err := Open(context.Background(), url, Options{Holder: "a child"})
	if err != nil {
		return err
	}
	fmt.Println("open")
	for {
		c := issue(1 + rand.IntN(100))
		if err := s.Apply(context.Background(), c); err != nil {
			return err
		}
		var ids []string
		for _, p := range c.Puts {
			ids = append(ids, p.(*authority.Record).ID.String())
		}
		fmt.Println(strings.Join(ids, " "))
	}
}

// TestKilledWriterLosesNothingItAcknowledged kills a process while it writes. The next has the store at once.
func TestKilledWriterLosesNothingItAcknowledged(t *testing.T) {
	url := postgrestest.Database(t)
	var acknowledged []string
	for round := range 5 {
		acknowledged = append(acknowledged, runAndKill(t, url)...)
		s := openAt(t, url)
		stored := records(t, s)
		for _, text := range acknowledged {
			id, err := keywright.ParseKeyID(text)
			if err != nil || stored[id] != 1 {
				t.Fatalf("round %d: %s was acknowledged and has %d secrets (%v)", round, text, stored[id], err)
			}
		}
		if n := wholeChain(t, s); n != len(stored) {
			t.Fatalf("round %d: %d events of %d records", round, n, len(stored))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) == 0 {
		t.Fatal("nothing was acknowledged in all rounds")
	}
}

// runAndKill starts a child, kills it within some milliseconds, and returns what it acknowledged.
func runAndKill(t *testing.T, url string) (acknowledged []string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashDatabase+"="+url)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); line != "open\n" {
		t.Fatalf("the child did not open the store: %q %v", line, err)
	}
	kill := time.AfterFunc(time.Duration(20+rand.IntN(300))*time.Millisecond, func() { child.Process.Kill() })
	defer kill.Stop()
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // what has no end of line is not acknowledged
			break
		}
		acknowledged = append(acknowledged, strings.Fields(line)...)
	}
	if err := child.Wait(); err == nil || child.ProcessState.ExitCode() != -1 {
		t.Fatalf("the child was not killed: %v", err)
	}
	return acknowledged
}

// TestKilledBackends ends the sessions of a store again and again while it writes. A change is there whole or not at
// all; what was acknowledged is there.
func TestKilledBackends(t *testing.T) {
	s := openAt(t, postgrestest.Database(t))
	killer := openShared(t, s.pool.Config().ConnString())
	done := make(chan struct{})
	stopped := make(chan struct{})
	var kills atomic.Int64
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Duration(5+rand.IntN(20)) * time.Millisecond):
			}
			// Not the session of the lock: its end would stop every write for a while.
			n := 0
			err := killer.pool.QueryRow(context.Background(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE datname = current_database() AND application_name = 'keywright' AND pid <> pg_backend_pid()
				AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.pid = pg_stat_activity.pid AND locktype = 'advisory')`).Scan(&n)
			if err == nil {
				kills.Add(int64(n))
			}
		}
	}()
	acknowledged, failed := map[keywright.KeyID]bool{}, 0
	sizes := map[keywright.KeyID]int{} // how many records came with one
	for range 150 {
		c := issue(1 + rand.IntN(150))
		err := s.Apply(t.Context(), c)
		if err != nil {
			failed++
		}
		if errors.Is(err, authority.ErrConflict) {
			t.Fatalf("apply: %v", err)
		}
		first := c.Puts[0].(*authority.Record).ID
		acknowledged[first], sizes[first] = err == nil, len(c.Puts)
	}
	close(done)
	<-stopped
	s.pool.Reset() // a session that was told to end may not have noticed yet
	stored, all := records(t, s), 0
	for first, ok := range acknowledged {
		switch {
		case stored[first] == 1:
			all += sizes[first]
		case ok:
			t.Fatalf("a change that was acknowledged is not there")
		}
	}
	if n := wholeChain(t, s); n != all || len(stored) != all {
		t.Fatalf("%d events and %d records, want %d of each", n, len(stored), all)
	}
	if kills.Load() == 0 || failed == 0 {
		t.Fatalf("%d sessions were ended and %d changes failed: that proves nothing", kills.Load(), failed)
	}
	t.Logf("%d sessions were ended, %d of 150 changes failed", kills.Load(), failed)
}

// TestRetried has the server undo a transaction twice, as it does for the sake of another.
func TestRetried(t *testing.T) {
	s := openAt(t, postgrestest.Database(t))
	execute(t, s, "CREATE SEQUENCE tries")
	execute(t, s, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF nextval('tries') < 3 THEN RAISE 'injected' USING ERRCODE = '40001'; END IF; RETURN NEW; END $$`)
	execute(t, s, "CREATE TRIGGER fail BEFORE INSERT ON records FOR EACH ROW EXECUTE FUNCTION fail()")
	c := issue(1)
	if err := s.Apply(t.Context(), c); err != nil || c.Events[0].Sequence != 1 {
		t.Fatalf("what the server undid for another was not tried again: %v", err)
	}
	if n := wholeChain(t, s); n != 1 {
		t.Fatalf("%d events, want 1", n)
	}
}

// TestFull has the server say that it has no room.
func TestFull(t *testing.T) {
	s := openAt(t, postgrestest.Database(t))
	mend := failing("RAISE 'injected' USING ERRCODE = '53100'")(t, s)
	c := issue(700)
	if err := s.Apply(t.Context(), c); !errors.Is(err, authority.ErrFull) || c.Events[0].Sequence != 0 {
		t.Fatalf("apply: error %v, want ErrFull", err)
	}
	mend()
	if err := s.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}
