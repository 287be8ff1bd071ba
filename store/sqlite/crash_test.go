// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

const (
	crashFolder = "KEYWRIGHT_TEST_CRASH_FOLDER"
	crashSpends = "KEYWRIGHT_TEST_CRASH_SPENDS" // the child spends
)

// TestMain lets the test program be the child that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashFolder); dir != "" {
		work := issueForEver
		if os.Getenv(crashSpends) != "" {
			work = spendForEver
		}
		fmt.Fprintln(os.Stderr, work(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// issueForEver applies changes of a few records and prints, once each is acknowledged, the ids in it.
func issueForEver(dir string) error {
	s, err := Open(context.Background(), dir, Options{Holder: "a child"})
	if err != nil {
		return err
	}
	fmt.Println("open")
	for {
		c := issue(1 + rand.IntN(20))
		if err := s.Apply(context.Background(), c); err != nil {
			return err
		}
		line := fmt.Sprint(c.Events[len(c.Events)-1].Sequence)
		for _, p := range c.Puts {
			line += " " + p.(*authority.Record).ID.String()
		}
		fmt.Println(line)
	}
}

func TestKilledWriterLosesNothingItAcknowledged(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	last := 0
	for round := range 8 {
		runAndKill(t, dir, "", func(line string) { last = addAcknowledged(t, line, acknowledged) })
		s := open(t, dir) // at once: the lock has gone with its holder
		stored := map[string]int{}
		err := s.Scan(t.Context(), func(r *authority.Record) error {
			stored[r.ID.String()] = len(r.Secrets)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for id := range acknowledged {
			if stored[id] != 1 {
				t.Fatalf("round %d: %s was acknowledged and has %d secrets", round, id, stored[id])
			}
		}
		events := wholeChain(t, s)
		if events != len(stored) || events < last {
			t.Fatalf("round %d: %d events of %d records, %d were acknowledged", round, events, len(stored), last)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d records were acknowledged", len(acknowledged))
}

// runAndKill starts a child, kills it within some milliseconds, and hands on the lines in which it acknowledged.
func runAndKill(t *testing.T, dir, spends string, acknowledged func(line string)) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashFolder+"="+dir, crashSpends+"="+spends)
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
	kill := time.AfterFunc(time.Duration(20+rand.IntN(200))*time.Millisecond, func() { child.Process.Kill() })
	defer kill.Stop()
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // what has no end of line is not acknowledged
			break
		}
		acknowledged(line)
	}
	if err := child.Wait(); err == nil || child.ProcessState.ExitCode() != -1 {
		t.Fatalf("the child was not killed: %v", err)
	}
}

func addAcknowledged(t *testing.T, line string, acknowledged map[string]bool) int {
	t.Helper()
	words := strings.Fields(line)
	last, err := strconv.Atoi(words[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range words[1:] {
		acknowledged[id] = true
	}
	return last
}
