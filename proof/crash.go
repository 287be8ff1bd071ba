// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// killsPerStore is how often one store is killed, before the next begins empty.
const killsPerStore = 100

// crash kills a child as often as asked for, and checks after each time.
func crash(args []string) error {
	flags := flag.NewFlagSet("crash", flag.ExitOnError)
	kills := flags.Int("kills", 2000, "how often the child is killed")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "repeats the times and points of a run")
	if err := flags.Parse(args); err != nil {
		return err
	}
	fmt.Printf("%d kills, seed %d\n", *kills, *seed)
	dice := rand.New(rand.NewPCG(*seed, 1))
	var total tally
	begun := time.Now()
	for done := 0; done < *kills; {
		n := min(killsPerStore, *kills-done)
		if err := crashStore(dice, n, &total); err != nil {
			return fmt.Errorf("seed %d, after %d kills: %w", *seed, done, err)
		}
		done += n
		if done%1000 == 0 || done == *kills {
			fmt.Printf("%6d kills in %s: %s\n", done, time.Since(begun).Round(time.Second), &total)
		}
	}
	return total.check(*kills)
}

// A tally counts what a run has seen: one in which nothing happened proves nothing.
type tally struct {
	ready, atPoint, issued, rotated, revoked, valid, unsaid int
}

func (t *tally) String() string {
	return fmt.Sprintf("%d after they were ready, %d at a named point; acknowledged: %d issued, %d rotated, %d revoked, %d spent; %d acts were found done that nobody had acknowledged",
		t.ready, t.atPoint, t.issued, t.rotated, t.revoked, t.valid, t.unsaid)
}

// check refuses a run that proves nothing: acts were cut off on both sides of their commit.
func (t *tally) check(kills int) error {
	if kills >= 500 && (t.ready < kills/2 || t.atPoint < kills/10 || t.rotated < kills/10 || t.revoked < kills/10 || t.valid < kills || t.unsaid == 0) {
		return fmt.Errorf("too little happened: %s", t)
	}
	return nil
}

func crashStore(dice *rand.Rand, kills int, total *tally) error {
	dir, err := os.MkdirTemp("", "keywright-crash-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f := newFacts(filepath.Join(dir, "data"))
	for range kills {
		if err := f.round(dice, total); err != nil {
			return err
		}
	}
	return nil
}

// round lets a child act, kills it, and checks what it has left.
func (f *facts) round(dice *rand.Rand, total *tally) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	point, after := "none", time.Duration(dice.IntN(12_000))*time.Microsecond
	if dice.IntN(5) < 2 {
		point, after = points[dice.IntN(len(points))], 200*time.Millisecond
	}
	if dice.IntN(10) == 0 {
		after = time.Duration(dice.IntN(20_000)) * time.Microsecond * -1 // from its start on, ready or not
	}
	child := exec.Command(self, "crash-child", f.dir, point, strconv.Itoa(1+dice.IntN(6)))
	keys, err := json.Marshal(f.some(dice))
	if err != nil {
		return err
	}
	child.Stdin = strings.NewReader(string(keys))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	if after < 0 {
		time.AfterFunc(-after, func() { _ = child.Process.Kill() })
	}
	lines := bufio.NewScanner(out)
	for first := true; lines.Scan(); first = false {
		if first && after >= 0 {
			total.ready++
			time.AfterFunc(after, func() { _ = child.Process.Kill() })
		}
		var a ack
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return fmt.Errorf("the child said something else: %w", err)
		}
		f.learn(a, total)
	}
	began := time.Now()
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		return fmt.Errorf("the child ended on its own: %v", err)
	}
	if point != "none" && time.Since(began) < after {
		total.atPoint++
	}
	return f.check(total)
}
