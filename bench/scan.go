// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

const (
	scanPrefix = "kwbench"
	gitleaks   = "github.com/zricethezav/gitleaks/v8@v8.30.1"
)

// scan finds planted keys in a real tree: the sources of Go and the module cache, or the folder that is named. Beside it
// ripgrep looks for the literal prefix alone, in archives that neither opens, and gitleaks, with all of its default rules, goes through a part.
func scan() error {
	dir, err := os.MkdirTemp("", "keywright-scan")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	trees, part, err := scanTrees()
	if err != nil {
		return err
	}
	planted := filepath.Join(dir, "planted")
	keys, err := plant(planted, 200)
	if err != nil {
		return err
	}
	program := filepath.Join(dir, "keywright")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", program, "./cmd/keywright").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	trees = append(trees, planted)
	files, size, err := sizeOf(trees...)
	if err != nil {
		return err
	}
	fmt.Printf("%d files, %d MB, %d planted keys: as they are, in UTF-16, in base64, URL-encoded\n", files, size/1e6, len(keys))
	own := append([]string{program, "scan", "--output", "json", "--no-ignore", "--no-archives", "--prefix", scanPrefix, "--only"}, trees...)
	all := append([]string{program, "scan", "--output", "json", "--no-ignore", "--no-archives", "--prefix", scanPrefix}, trees...)
	if err := scanFound("one format", own, keys); err != nil {
		return err
	}
	if err := scanFound("all formats and issuers", all, keys); err != nil {
		return err
	}
	if _, err := exec.LookPath("rg"); err != nil {
		fmt.Println("ripgrep is not here: no comparison")
	} else {
		rg := append([]string{"rg", "-uuu", "-c", scanPrefix + "_"}, trees...)
		for what, args := range map[string][]string{"one format": own, "all formats and issuers": all} {
			a, b, ratio := inTurns(5, 1, wall(), running(args), running(rg))
			fmt.Printf("%-24s %6.0f MB/s; ripgrep for the literal %6.0f MB/s; throughput to that of ripgrep %s\n", what, perSecond(size, a), perSecond(size, b), inverse(ratio))
		}
	}
	return besideGitleaks(dir, part, all[:len(all)-len(trees)])
}

func running(args []string) func(int) {
	return func(int) { _ = exec.Command(args[0], args[1:]...).Run() } // to find something is no success for either
}

func perSecond(size int64, ns spread) float64 { return float64(size) / 1e6 / (ns.median() / 1e9) }

func inverse(s spread) (out spread) {
	for _, v := range s {
		out = append(out, 1/v)
	}
	return out
}

// besideGitleaks scans a part of the sources of Go: gitleaks takes too long for all.
func besideGitleaks(dir, part string, ours []string) error {
	install := exec.Command("go", "install", gitleaks)
	install.Env = append(os.Environ(), "GOBIN="+dir)
	if out, err := install.CombinedOutput(); err != nil {
		fmt.Printf("gitleaks cannot be had: %v: %.200s\n", err, out)
		return nil
	}
	_, size, err := sizeOf(part)
	if err != nil {
		return err
	}
	peer := []string{filepath.Join(dir, "gitleaks"), "dir", part, "--no-banner", "--exit-code", "0", "--log-level", "error"}
	if out, err := exec.Command(peer[0], peer[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("gitleaks: %w: %s", err, out)
	}
	a, b, ratio := inTurns(1, 1, wall(), running(append(ours, part)), running(peer))
	fmt.Printf("%-24s %6.0f MB/s; gitleaks with its default rules, far more than ours, %6.1f MB/s of %s, %d MB; times as fast %s\n",
		"all formats and issuers", perSecond(size, a), perSecond(size, b), filepath.Base(part), size/1e6, inverse(ratio))
	return nil
}

// scanTrees are the folders to scan, and the part that gitleaks scans as well.
func scanTrees() (trees []string, part string, err error) {
	if len(os.Args) > 2 {
		return os.Args[2:], os.Args[2], nil
	}
	out, err := exec.Command("go", "env", "GOROOT", "GOMODCACHE").Output()
	lines := strings.Fields(string(out))
	if err != nil || len(lines) != 2 {
		return nil, "", fmt.Errorf("go env: %w", err)
	}
	return []string{filepath.Join(lines[0], "src"), lines[1]}, filepath.Join(lines[0], "src", "crypto"), nil
}

// plant writes keys into files of their own, among words.
func plant(dir string, n int) (keys map[string]bool, err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := keywright.Preset(keywright.DefaultPreset)
	if err != nil {
		return nil, err
	}
	f.Prefix = scanPrefix
	keys = map[string]bool{}
	words := strings.Repeat("the quick brown fox jumps over the lazy dog\n", 500)
	for i := range n {
		k, err := keywright.Generate(f)
		if err != nil {
			return nil, err
		}
		key := k.Reveal()
		text := [...]string{"KEY=" + key, wideText("KEY=" + key), base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", i) + key)), "?k=" + strings.ReplaceAll(url.QueryEscape(key), "_", "%5F")}[i%4]
		keys[k.PublicID()] = true
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), []byte(words[:i*91]+text+"\n"+words), 0o600); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func wideText(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		b.Write([]byte{c, 0})
	}
	return "\n\x00" + b.String()
}

// sizeOf counts the regular files below folders, and their bytes.
func sizeOf(folders ...string) (files int, size int64, err error) {
	for _, folder := range folders {
		err = errors.Join(err, filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				files, size = files+1, size+info.Size()
			}
			return err
		}))
	}
	return files, size, err
}

// scanFound runs a scan, and says what it found and missed.
func scanFound(what string, args []string, keys map[string]bool) error {
	start := time.Now()
	out, err := exec.Command(args[0], args[1:]...).Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		return fmt.Errorf("keywright scan found nothing: %w", err)
	}
	var found struct {
		Findings []struct {
			Prefix   string `json:"prefix"`
			PublicID string `json:"public_id"`
		} `json:"findings"`
		Problems []json.RawMessage `json:"problems"`
	}
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&found); err != nil {
		return err
	}
	seen, others := map[string]bool{}, 0
	for _, f := range found.Findings {
		if f.Prefix == scanPrefix && keys[f.PublicID] {
			seen[f.PublicID] = true
		} else {
			others++
		}
	}
	fmt.Printf("%-24s found %d of %d planted keys, %d others (by prefix and shape, such as samples in tests of modules), %d not scanned, first run %.1f s\n",
		what, len(seen), len(keys), others, len(found.Problems), time.Since(start).Seconds())
	return nil
}
