// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
)

// generate makes keys with their hashes. The floor reads as many random bytes, in blocks, and hashes as many bytes as
// a key has.
func generate() error {
	const n = 1_000_000
	f, err := keywright.Preset("keywright")
	if err != nil {
		return err
	}
	f.Prefix = "acme"
	g, err := keywright.NewGenerator(f, nil)
	if err != nil {
		return err
	}
	var keep [32]byte
	ours := func(n int) {
		for range n {
			k, err := g.Next("")
			exit(err)
			keep = k.Hash()
		}
	}
	used, length, err := usedBytes(f)
	if err != nil {
		return err
	}
	floor := func(n int) {
		block := make([]byte, 4096)
		left := 0
		text := make([]byte, length)
		for range n {
			for need := used; need > 0; {
				if left == 0 {
					_, err := io.ReadFull(rand.Reader, block)
					exit(err)
					left = len(block)
				}
				take := min(need, left)
				copy(text, block[len(block)-left:][:take])
				need, left = need-take, left-take
			}
			keep = sha256.Sum256(text)
		}
	}
	a, b, ratio := inTurns(5, n, wall(), ours, floor)
	runtime.KeepAlive(keep)
	fmt.Printf("keys of the preset keywright, each with its hash: %.0f ns (%.2f million a second)\n", a.median(), 1e3/a.median())
	fmt.Printf("floor: %d random bytes in blocks of 4096, and SHA-256 of %d bytes: %.0f ns\n", used, length, b.median())
	fmt.Printf("ratio to the floor: %s, which is %.0f %% of its speed (aim: at least 50 %%)\n", ratio, 100/ratio.median())
	peer("python3 secrets.token_urlsafe(32) and SHA-256", a.median(), "python3", "peers/secrets_token.py")
	peer("npm prefixed-api-key", a.median(), "node", "peers/prefixed.mjs")
	return nil
}

// usedBytes returns how many random bytes a key takes, on average, and how long it is.
func usedBytes(f keywright.Format) (used, length int, err error) {
	counted := &counter{}
	g, err := keywright.NewGenerator(f, counted)
	if err != nil {
		return 0, 0, err
	}
	const n = 10_000
	for range n {
		k, err := g.Next("")
		if err != nil {
			return 0, 0, err
		}
		length = len(k.Reveal())
	}
	return (counted.read + n/2) / n, length, nil
}

type counter struct{ read int }

func (c *counter) Read(p []byte) (int, error) {
	c.read += len(p)
	return rand.Read(p)
}

// peer runs a program that prints how many nanoseconds one of its keys takes.
func peer(name string, ours float64, command, script string) {
	dir := "bench"
	if _, err := os.Stat(filepath.Join(dir, script)); err != nil {
		dir = "."
	}
	cmd := exec.Command(command, script)
	cmd.Dir = dir
	out, err := cmd.Output()
	ns, parseErr := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil || parseErr != nil {
		fmt.Printf("%s: not measured here (%s could not run it; see bench/README.md)\n", name, command)
		return
	}
	fmt.Printf("%s: %.0f ns, %.1f times as long\n", name, ns, ns/ours)
}
