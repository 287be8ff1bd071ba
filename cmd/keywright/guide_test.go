// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImportGuide types what the guide to imports says, over the files that it names, and sees what it says.
func TestImportGuide(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "import.md"))
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := filepath.Abs(filepath.Join("testdata", "import"))
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, "text")
	p := &typist{stage: s, ids: map[string]string{}}
	t.Chdir(t.TempDir())
	if err := os.CopyFS(".", os.DirFS(fixtures)); err != nil {
		t.Fatal(err)
	}
	for _, line := range commandsOf(t, string(page)) {
		got, code := p.keywright(t, p.words(t, line.text)[1:])
		if refused := strings.Contains(got, "refused: 1"); code != 0 && !refused || code == 0 && refused {
			t.Fatalf("%s: exit %d: %s", line.text, code, got)
		}
		for _, want := range line.want {
			if !p.says(want, got) {
				t.Errorf("%s prints\n%s\nwhere the guide says\n%s", line.text, got, want)
			}
		}
	}
	for keyspace, key := range map[string]string{
		"home": "hk_9f8e7d6c5b4a39281706f5e4d3c2b1a0", "gateway": "zY8xW7vU6tS5rQ4pO3nM2lK1jI0hG9fE",
		"partners": "mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG", "mobile": "3ZfRYeWyHnGzvaJ1yrAxVtqP",
		"slow": "mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG", "shop": "hm_2b7e151628aed2a6abf7158809cf4f3c",
	} {
		out := s.run(t, key+"\n", "verify", "--keyspace", keyspace)
		if !strings.HasPrefix(out, "VALID") {
			t.Errorf("an imported key of %s: %s", keyspace, out)
		}
	}
	if out := s.run(t, "hk_ffeeddccbbaa99887766554433221100\n", "verify", "--keyspace", "home"); !strings.HasPrefix(out, "REVOKED") {
		t.Error(out)
	}
	info, err := os.Stat("home.ndjson")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
}
