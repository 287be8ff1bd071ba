// SPDX-License-Identifier: Apache-2.0

package rules_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/leak/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

// format changes a preset.
func format(t *testing.T, preset string, change func(*keywright.Format)) keywright.Format {
	t.Helper()
	f, err := keywright.Preset(preset)
	if err == nil {
		if change != nil {
			change(&f)
		}
		f, err = f.Normalize()
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sources are every preset whose keys have a label, each with a prefix of its own, and what differs in ways that matter
// to a pattern: separators, alphabets whose last character belongs to no word, no prefix, several environments.
func sources(t *testing.T) []rules.Source {
	t.Helper()
	var list []rules.Source
	add := func(preset string, change func(*keywright.Format), environments ...string) {
		prefix := fmt.Sprintf("acme%c", 'a'+len(list))
		list = append(list, rules.Source{Publishable: true, Environments: environments, Format: format(t, preset, func(f *keywright.Format) {
			f.Prefix = prefix
			if change != nil {
				change(f)
			}
		})})
	}
	for _, preset := range keywright.Presets() {
		if preset != "opaque" && preset != "alphanumeric" {
			add(preset, nil)
		}
	}
	for _, separator := range []string{"-", ".", ":", "~"} {
		add("public-id", func(f *keywright.Format) { f.Separator = separator }, "live", "test", "dev")
	}
	add("public-id", func(f *keywright.Format) { f.Checksum = keywright.NoChecksum })
	add("secret-key", func(f *keywright.Format) { f.Secret = keywright.Part{Encoding: keywright.Base64, Bytes: 48} })
	add("secret-key", func(f *keywright.Format) { f.Secret = keywright.Part{Encoding: keywright.Base64, Bytes: 16} })
	add("secret-key", func(f *keywright.Format) { f.Secret = keywright.Part{Encoding: keywright.Hex, Bytes: 16} })
	add("public-id", func(f *keywright.Format) { f.Prefix, f.Environment = "", "sandbox" })
	add("keywright", func(f *keywright.Format) { f.Prefix = "two_words" }, "live", "test")
	add("keywright", func(f *keywright.Format) { f.Prefix, f.Environment = "CamelCase", "Live" }, "Live", "TEST")
	return list
}

func made(t *testing.T, list []rules.Source) []rules.Rule {
	t.Helper()
	found, left, err := rules.Of(list)
	if err != nil || len(left) > 0 {
		t.Fatal(left, err)
	}
	return found
}

// TestEveryKeyIsFound looks for new keys of every format, which are in no file, in all kinds of places.
func TestEveryKeyIsFound(t *testing.T) {
	for _, s := range sources(t) {
		r := made(t, []rules.Source{s})[0]
		pattern := regexp.MustCompile(r.Bounded())
		g, err := keywright.NewGenerator(s.Format, nil)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for range 200 {
			k, err := g.Next("")
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, k.Reveal())
			if !slices.ContainsFunc(r.Prefixes, func(p string) bool { return strings.HasPrefix(k.Reveal(), p) }) {
				t.Fatalf("%s: no prefix of %q begins a key", s.Format.Preset, r.Prefixes)
			}
			if h := entropy(k.Reveal()); h <= r.Entropy {
				t.Errorf("%s: a key has %.2f bits per character, the threshold is %.2f", s.Format.Preset, h, r.Entropy)
			}
		}
		for _, between := range []string{"\n", ",", " ", "\t", `"`, "&k=", `\n`, "é", "\x00"} {
			text := strings.Join(keys, between)
			if got := groups(pattern, text); !slices.Equal(got, keys) {
				t.Errorf("%s: of 200 keys with %q between them %d are found", s.Format.Preset, between, len(got))
			}
		}
		for _, text := range []string{"?k=KEY&y", "X_KEY", "x-KEY", "KEY", `{"k":"KEY"}`, `a\nKEY\n`, "(KEY)", "KEY."} {
			if got := groups(pattern, strings.ReplaceAll(text, "KEY", keys[0])); len(got) != 1 || got[0] != keys[0] {
				t.Errorf("%s: not found in %s", s.Format.Preset, text)
			}
		}
		for _, text := range []string{"xKEY", "KEYx", "KEY0", "9KEY"} {
			if got := groups(pattern, strings.ReplaceAll(text, "KEY", keys[0])); len(got) > 0 && !(text[0] == 'K' && s.Format.Preset == "seam-v4") { // whose keys have several lengths
				t.Errorf("%s: found in %s", s.Format.Preset, text)
			}
		}
	}
}

// groups are what the group of a pattern matches in a text.
func groups(pattern *regexp.Regexp, text string) (found []string) {
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// TestExamplesAreKeys reads the examples with their format: each is whole and has a right checksum, and what is shown as
// mistyped has a wrong one.
func TestExamplesAreKeys(t *testing.T) {
	for _, s := range sources(t) {
		r := made(t, []rules.Source{s})[0]
		if len(r.Examples) < 5 || len(r.NonExamples) < 4 {
			t.Errorf("%s has %d examples and %d others", r.ID, len(r.Examples), len(r.NonExamples))
		}
		for _, e := range r.Examples {
			k, err := s.Format.Parse(keywright.NewSecret(e.Key))
			if err != nil || k.Checksum() == keywright.ChecksumWrong || !strings.Contains(e.Text, e.Key) {
				t.Errorf("%s: an example is no key of its format: %v %v", r.ID, k.Checksum(), err)
			}
		}
		wrong := 0
		for _, n := range r.NonExamples {
			_, key, _ := strings.Cut(n.Text, "=")
			if k, err := s.Format.Parse(keywright.NewSecret(key)); n.Sense == rules.ByChecksum && (err != nil || k.Checksum() != keywright.ChecksumWrong) {
				t.Errorf("%s: what has %s is %v %v", r.ID, n.Why, k.Checksum(), err)
			} else if n.Sense == rules.ByChecksum {
				wrong++
			}
		}
		if has := s.Format.Checksum != keywright.NoChecksum; has != (wrong == 1) {
			t.Errorf("%s: %d examples of a wrong checksum", r.ID, wrong)
		}
	}
}

func TestLeftWithoutRule(t *testing.T) {
	list := []rules.Source{
		{Format: format(t, "opaque", nil)},
		{Format: format(t, "alphanumeric", nil)},
		{Keyspace: "pay", Format: format(t, "publishable-key", func(f *keywright.Format) { f.Name = "publishable" })},
	}
	found, left, err := rules.Of(list)
	if !errors.Is(err, rules.ErrNone) || len(found) > 0 || len(left) != 3 || left[2].Name != "pay publishable" {
		t.Errorf("%v, %v, %v", found, left, err)
	}
}

// TestFormatsThatAreAlikeShareARule: two keyspaces with the same format have one rule, and names never meet.
func TestFormatsThatAreAlikeShareARule(t *testing.T) {
	secret := func(prefix string) keywright.Format {
		return format(t, "keywright", func(f *keywright.Format) { f.Prefix, f.Name = prefix, "secret" })
	}
	found := made(t, []rules.Source{
		{Keyspace: "acme", Format: secret("acme")},
		{Keyspace: "billing", Format: secret("acme")},
		{Keyspace: "acme", Format: secret("other")},
		{Keyspace: "a-keyspace-with-a-long-name", Format: secret("long1")},
		{Keyspace: "a-keyspace-with-another", Format: secret("long2")},
	})
	var ids, short []string
	for _, r := range found {
		ids, short = append(ids, r.ID), append(short, r.ShortID)
	}
	if diff := cmp.Diff([]string{"acme-secret-key", "acme-secret-key-2", "a-keyspace-with-a-long-name-secret-key", "a-keyspace-with-another-secret-key-2"}, ids); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"acme.secret", "acme.secret2", "a-keyspace.secret", "a-keyspace.secret2"}, short); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"acme", "billing"}, found[0].Keyspaces); diff != "" {
		t.Error(diff)
	}
}

// TestGolden holds every file for two formats, byte by byte: who made rules once gets the same ones again.
func TestGolden(t *testing.T) {
	list := []rules.Source{
		{Keyspace: "acme", Environments: []string{"live", "test"}, Format: format(t, "keywright", func(f *keywright.Format) { f.Prefix, f.Name = "acme", "secret" })},
		{Keyspace: "partners", Format: format(t, "public-id", func(f *keywright.Format) { f.Prefix, f.Name = "part", "secret" })},
		{Format: format(t, "seam", func(f *keywright.Format) { f.Prefix = "mycompany" })},
	}
	found := made(t, list)
	issuer := rules.Issuer{
		Company: "Acme", Contact: "Ada Lovelace <ada@acme.example>", Endpoint: "https://keys.acme.example/v1/leaks/github",
		Account: "sign up at https://acme.example, the plan Free",
	}
	files := map[string]func(*bytes.Buffer) error{"email": func(b *bytes.Buffer) error { return rules.Email(b, found, issuer) }}
	for _, tool := range rules.Tools() {
		files[string(tool)] = func(b *bytes.Buffer) error {
			of := issuer
			if tool == rules.GitLab {
				of.Endpoint = "https://keys.acme.example/v1/leaks/gitlab"
			}
			return rules.Write(b, tool, found, of)
		}
	}
	for name, write := range files {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestIssuerIsOneLine: what a person types cannot begin a line of a file or a header of a mail.
func TestIssuerIsOneLine(t *testing.T) {
	found := made(t, sources(t)[:1])
	whole := rules.Issuer{Company: "Acme", Contact: "Ada", Endpoint: "https://keys.acme.example", Account: "ask"}
	for field, change := range map[string]func(*rules.Issuer){
		"company":  func(i *rules.Issuer) { i.Company = "Acme\nBcc: mallory@evil.example" },
		"contact":  func(i *rules.Issuer) { i.Contact = " " },
		"endpoint": func(i *rules.Issuer) { i.Endpoint = "" },
		"account":  func(i *rules.Issuer) { i.Account = "" },
	} {
		issuer := whole
		change(&issuer)
		var b bytes.Buffer
		var wrong *rules.IssuerError
		if err := rules.Email(&b, found, issuer); !errors.As(err, &wrong) || wrong.Field != field || b.Len() > 0 {
			t.Errorf("%s: %v, and %d bytes were written", field, err, b.Len())
		}
	}
	var b bytes.Buffer
	if err := rules.Write(&b, rules.GitLab, found, rules.Issuer{Endpoint: "x\n[[rules]]"}); err == nil || b.Len() > 0 {
		t.Error("a line of a file was begun by an endpoint")
	}
	if err := rules.Write(&b, "nothing", found, whole); err == nil {
		t.Error("rules were written for a scanner that nobody knows")
	}
}
