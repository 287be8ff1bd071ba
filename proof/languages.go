// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/keywright/keywright"
)

// languages compares what Go and JavaScript think of keys: whoever made one, both must parse, check, hash and inspect it
// alike, byte for byte, and so what became of it when a character was changed, cut off or put in another case. Where both
// make keys from the same bytes, the keys must be the same.
func languages(args []string) error {
	flags := flag.NewFlagSet("languages", flag.ExitOnError)
	keys := flags.Int("keys", 1_000_000, "how many keys are made, by both together; each is judged whole and damaged")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano())>>16, "repeats a run; that of a difference repeats its batch with -keys 1")
	node := flags.String("node", "node", "the program that runs JavaScript")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if _, err := os.Stat(judgeInJavaScript); err != nil {
		return fmt.Errorf("%w: run this in the folder of the module", err)
	}
	fmt.Printf("%d keys, seed %d\n", *keys, *seed)
	begun := time.Now()
	total, err := compareAll(*node, *seed, *keys)
	if err != nil {
		return err
	}
	fmt.Printf("in %s: %s\n", time.Since(begun).Round(time.Second), total)
	return total.check()
}

const (
	judgeInJavaScript = "js/test/languages.js"

	formatsOfABatch = 60
	keysOfAFormat   = 20 // of each side
	issuedOfABatch  = 100
)

// A comparison counts what was compared: one in which nothing happened proves nothing.
type comparison struct {
	formats, refused             int // formats that can be and cannot
	madeHere, madeThere, issued  int // keys by who made them
	damaged, noticed, wrongSums  int
	candidates, none, byChecksum int
}

func (c *comparison) String() string {
	return fmt.Sprintf("alike in both languages: %d formats and %d that cannot be; %d keys made in Go, %d in JavaScript and %d of other issuers; %d damaged, of which %d are no keys of their format and %d have a wrong checksum; %d candidates, %d by their checksum, and %d texts without one",
		c.formats, c.refused, c.madeHere, c.madeThere, c.issued, c.damaged, c.noticed, c.wrongSums, c.candidates, c.byChecksum, c.none)
}

func (c *comparison) add(other comparison) {
	c.formats, c.refused = c.formats+other.formats, c.refused+other.refused
	c.madeHere, c.madeThere, c.issued = c.madeHere+other.madeHere, c.madeThere+other.madeThere, c.issued+other.issued
	c.damaged, c.noticed, c.wrongSums = c.damaged+other.damaged, c.noticed+other.noticed, c.wrongSums+other.wrongSums
	c.candidates, c.none, c.byChecksum = c.candidates+other.candidates, c.none+other.none, c.byChecksum+other.byChecksum
}

// keys is how many keys were made.
func (c *comparison) keys() int { return c.madeHere + c.madeThere + c.issued }

// check refuses a run that proves nothing.
func (c *comparison) check() error {
	for _, n := range []int{c.formats * 10, c.refused * 10, c.madeHere, c.madeThere, c.issued, c.noticed, c.wrongSums, c.byChecksum, c.none} {
		if n < c.keys()/50 {
			return fmt.Errorf("too little happened: %s", c)
		}
	}
	return nil
}

// compareAll lets as many workers as there are processors take batch after batch, until there were so many keys or one
// finds a difference.
func compareAll(node string, seed uint64, keys int) (*comparison, error) {
	var lock sync.Mutex // of all that follows
	var total comparison
	var first error
	next := seed
	take := func(counts comparison, err error) (seed uint64, more bool) {
		lock.Lock()
		defer lock.Unlock()
		total.add(counts)
		if first == nil {
			first = err
		}
		seed = next
		next++
		return seed, first == nil && total.keys() < keys
	}
	var workers sync.WaitGroup
	work := func() {
		j, err := startCounterpart(node)
		seed, more := take(comparison{}, err)
		var counts comparison
		for more {
			counts, err = j.batch(seed)
			seed, more = take(counts, err)
		}
		if j != nil {
			_, _ = take(comparison{}, j.stop(err != nil))
		}
	}
	for range runtime.NumCPU() {
		workers.Go(work)
	}
	workers.Wait()
	return &total, first
}

// A counterpart is the JavaScript half: it is asked and answers in lines of JSON.
type counterpart struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	stderr  bytes.Buffer
	asking  sync.WaitGroup
	counts  comparison
	formats []keywright.Format
}

func startCounterpart(node string) (*counterpart, error) {
	j := &counterpart{cmd: exec.Command(node, judgeInJavaScript)}
	var err error
	if j.in, err = j.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := j.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	j.out = bufio.NewReaderSize(out, 1<<20)
	j.cmd.Stderr = &j.stderr
	return j, j.cmd.Start()
}

// stop ends the other half, at once where something went wrong.
func (j *counterpart) stop(now bool) error {
	if now {
		_ = j.cmd.Process.Kill()
		_ = j.cmd.Wait()
		return nil
	}
	_ = j.in.Close()
	return j.cmd.Wait()
}

// ask sends requests while the answers are read: neither side waits for the other.
func (j *counterpart) ask(requests []any) {
	j.asking.Go(func() {
		w := bufio.NewWriterSize(j.in, 1<<18)
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for _, r := range requests {
			if e.Encode(r) != nil {
				return // the reader sees that there is no answer
			}
		}
		_ = w.Flush()
	})
}

// answer reads the next line.
func (j *counterpart) answer() ([]byte, error) {
	line, err := j.out.ReadBytes('\n')
	if err != nil {
		_ = j.cmd.Wait()
		return nil, fmt.Errorf("JavaScript does not answer (%w): %s", err, &j.stderr)
	}
	return bytes.TrimRight(line, "\n"), nil
}
