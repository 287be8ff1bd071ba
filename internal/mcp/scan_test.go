// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

func madeKey(t *testing.T, preset, prefix string) string {
	t.Helper()
	f, err := keywright.Preset(preset)
	if err != nil {
		t.Fatal(err)
	}
	if prefix != "" {
		f.Prefix = prefix
	}
	k, err := keywright.Generate(f)
	if err != nil {
		t.Fatal(err)
	}
	return k.Reveal()
}

// TestScan finds keys however they stand in a text, tells where, and shows none.
func TestScan(t *testing.T) {
	a := overPipes(t, nil)
	acme, whsec := madeKey(t, "keywright", "acme"), madeKey(t, "webhook-secret", "")
	stripe := "sk_live_" + strings.Repeat("4eC39HqLyjWD", 2)
	for _, c := range []struct {
		text string
		keys []string
	}{
		{"", nil},
		{"nothing here: v1.2.3, https://example.com/a/b?c=d, 2026-01-02T03:04:05Z, internal/mcp/scan_test.go", nil},
		{"commit d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37 by a_function_with_a_very_long_name_indeed", nil},
		{acme, []string{acme}},
		{"ACME_KEY=" + acme + "\n", []string{acme}},
		{"ä\n\n{\"key\":\"" + acme + "\",\"hook\":\"" + whsec + "\"}", []string{acme, whsec}},
		{"https://api.example.com/v1?key=" + acme + "&x=1", []string{acme}},
		{"Authorization: Bearer " + acme + ".", []string{acme}},
		{"see " + acme + ", " + stripe + "; " + acme, []string{acme, stripe, acme}},
		{"a: " + base64.StdEncoding.EncodeToString([]byte("key "+acme)), []string{""}},
		{"prefix" + acme[4:] + "x", nil}, // its checksum is wrong now
	} {
		result, text, _ := a.call("scan_text", fields{"text": c.text})
		found := result["findings"].([]any)
		if len(found) != len(c.keys) {
			t.Errorf("%d findings, want %d: %s in %s", len(found), len(c.keys), text, c.text)
			continue
		}
		for i, key := range c.keys {
			f := found[i].(fields)
			start, end := int(f["start"].(float64)), int(f["end"].(float64))
			if key != "" && c.text[start:end] != key || int(f["line"].(float64)) != 1+strings.Count(c.text[:start], "\n") {
				t.Errorf("found at %d to %d, line %v: %s", start, end, f["line"], c.text)
			}
			if key == "" {
				if f["encoding"] != "base64" {
					t.Errorf("encoding %v", f["encoding"])
				}
				continue
			}
			if strings.Contains(text, key) || strings.Contains(text, key[len(key)-12:]) {
				t.Errorf("it shows the key: %s", text)
			}
		}
	}
}

// TestScanIsBounded reads the worst that a text can be with little work, and stops at the limit.
func TestScanIsBounded(t *testing.T) {
	a := overPipes(t, nil)
	file := filepath.Join(t.TempDir(), "text")
	for name, unit := range map[string]string{"words": "a=", "words and one long": strings.Repeat("a/", 100) + strings.Repeat("a", 16) + "/", "labels": "sk_live_", "long words": strings.Repeat("a", 20) + "=", "one word": "a", "dots": ".", "keys": "sk_live_" + strings.Repeat("4eC39HqLyjWD", 2) + " "} {
		if err := os.WriteFile(file, []byte(strings.Repeat(unit, (1<<18)/len(unit))), 0o600); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		result, _, refused := a.call("scan_text", fields{"from_file": file})
		t.Logf("%s: %v", name, time.Since(start))
		if refused {
			t.Errorf("%s: refused", name)
			continue
		}
		if n := len(result["findings"].([]any)); (name == "keys") != (result["more"] == true) || n > 200 {
			t.Errorf("%s: %d findings, more %v", name, n, result["more"])
		}
	}
}
