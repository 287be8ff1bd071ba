// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/backup"
)

// TestNoSecretLeaksThroughImports lets keys, peppers and the root key go through imports, exports, backups and restores,
// also wrongly, and searches all that came out and all that was kept.
func TestNoSecretLeaksThroughImports(t *testing.T) {
	folder := t.TempDir()
	revocations := filepath.Join(folder, "revocations.jsonl")
	s := newStage(t, "json", "--revocation-log", revocations)
	c := &canaries{stage: s, folder: folder, service: s.service(t), secrets: map[string][]byte{}, good: map[string]string{}}
	root, err := readRootKey(filepath.Join(s.data, rootKeyName))
	if err != nil {
		t.Fatal(err)
	}
	c.secrets["root key"] = root
	c.secrets["service key"] = []byte(c.service[len(c.service)-secretPart:])
	c.peppers(t)
	c.imports(t)
	c.slowHashes(t)
	planted := stranger(t, "default")
	if end := c.send(t, "default", api.MediaLines, `{"name":"`+planted+`","public_id":"3UsnysAEjTGz","hash":"`+strings.Repeat("12", 32)+`"}`); !strings.Contains(end, `"accepted":1`) {
		t.Fatal(end)
	}
	c.use(t)
	c.exports(t)
	archive := filepath.Join(folder, "store.backup")
	s.run(t, "", "backup", "--to", archive)
	s.places["backup"] = unpacked(t, archive)
	c.secrets["pepper of the server"] = pepperIn(t, archive, "made", root)
	s.run(t, "", "audit", "list", "--output", "jsonl")
	s.send(t, c.service, "GET", "/v1/events?limit=1000", "")
	s.send(t, c.service, "GET", "/v1/peppers", "")
	s.keepFiles(t, s.data) // with its write-ahead log
	s.stop()
	s.places["log"] = []byte(s.log.String())
	c.keep(t, revocations)
	restored := filepath.Join(folder, "restored")
	s.run(t, "", "restore", "--from", archive, "--data", restored)
	s.run(t, "", "restore", "--revocation-log", revocations, "--data", restored)
	s.keepFiles(t, restored)
	s.run(t, "", "restore", "--from", c.file(t, "no.backup", c.key(t, "no backup")), "--data", filepath.Join(folder, "none"))
	s.run(t, "", "restore", "--revocation-log", c.file(t, "no.log", c.key(t, "no log")+"\n"), "--data", restored)
	s.run(t, "", "restore", "--from", archive, "--data", filepath.Join(folder, "none"), "--"+c.key(t, "flag"))

	search := searchIn(s.places)
	for name, secret := range c.secrets {
		if found := search(secret); len(found) > 0 {
			t.Errorf("%s was found in:\n%s", name, strings.Join(found, "\n"))
		}
	}
	c.searchSees(t, planted)
}

// searchSees plants leaks: a name that is a key is kept and shown by right, and must be found where it is; the report and
// the log, where no name stands, are written to behind their ends.
func (c *canaries) searchSees(t *testing.T, planted string) {
	t.Helper()
	found := strings.Join(leaks(planted, c.stage.places), "\n")
	for _, place := range []string{"data/keywright.db", "restored/keywright.db", "backup (raw)", "plain.ndjson", "hashes.ndjson", "plain.csv", "hashes.csv", "list stdout"} {
		if !strings.Contains(found, place) {
			t.Errorf("what was planted was not found in %s, but in:\n%s", place, found)
		}
	}
	for _, place := range []string{"report.ndjson", "report of the table.ndjson", "log", "revocations.jsonl"} {
		text := c.stage.places[place]
		if len(text) < 100 {
			t.Errorf("there are %d bytes in %s", len(text), place)
		}
		for form, b := range disguises(c.secrets["root key"]) {
			with := map[string][]byte{place: append(append(bytes.Clone(text), b...), '\n')}
			if len(leaksOf(c.secrets["root key"], with)) == 0 {
				t.Errorf("what was planted %s in %s was not found", form, place)
			}
		}
	}
	if len(c.secrets) < 50 || len(c.stage.places) < 80 {
		t.Errorf("only %d secrets were searched in %d places", len(c.secrets), len(c.stage.places))
	}
}

// peppers makes one, takes two from elsewhere, and gives more to where they do not belong.
func (c *canaries) peppers(t *testing.T) {
	s := c.stage
	pepper := func(name string) []byte {
		b := randomBytes(32)
		c.secrets[name] = b
		return b
	}
	text := func(name string) string { // a pepper that is text
		b := []byte(hex.EncodeToString(randomBytes(24)))
		c.secrets[name] = b
		return string(b)
	}
	s.run(t, "", "peppers", "create", "made")
	s.run(t, "", "peppers", "import", "in-hex", "--encoding", "hex", "--file", c.file(t, "pepper.hex", hex.EncodeToString(pepper("pepper in hex"))))
	s.run(t, base64.StdEncoding.EncodeToString(pepper("pepper in base64")), "peppers", "import", "in-base64", "--encoding", "base64")
	s.run(t, string(pepper("pepper of bytes"))+"\n", "peppers", "import", "bytes")
	s.run(t, text("pepper that is text"), "peppers", "import", "text")
	s.run(t, text("not hex")+"x", "peppers", "import", "bad", "--encoding", "hex")
	s.run(t, text("not base64")+"!", "peppers", "import", "bad", "--encoding", "base64")
	s.run(t, strings.Repeat(text("too long"), 100), "peppers", "import", "bad")
	s.run(t, text("twice"), "peppers", "import", "text")
	s.run(t, "x", "peppers", "import", text("as a name"))
	s.run(t, "x", "peppers", "import", "bad", "--file", text("as a file")[:0]+"/nowhere")
	s.run(t, "x", "peppers", "import", "bad", "--encoding", text("as an encoding"))
	s.run(t, "", "peppers", "create", text("name of a new one"))
	s.run(t, "", "peppers", "create", "bad", text("second argument"))
	s.run(t, "", "peppers", "remove", text("to remove"))
	s.run(t, "", "keyspaces", "update", "default", "--pepper", text("of a keyspace"))
	for _, body := range []string{
		`{"name":"bad","bytes":"` + text("no base64 in a body") + `!"}`, `{"name":"bad","bytes":["` + text("list in a body") + `"]}`,
		`{"name":"` + text("name in a body") + ` "}`, `{"` + text("field of a body") + `":1}`, `{"name":"bad","pepper":"` + text("unknown field of a body") + `"}`,
	} {
		s.send(t, c.service, "POST", "/v1/peppers", body)
	}
	s.send(t, c.service, "DELETE", "/v1/peppers/"+text("path"), "")
	s.send(t, c.service, "PATCH", "/v1/keyspaces/default", `{"policy":{"pepper":"`+text("policy")+`"}}`)
	if out := s.run(t, "", "peppers", "list"); strings.Count(out, " · made ") != 5 {
		t.Fatalf("the peppers are %s", out)
	}
}

// imports sends lines and rows by the command line and over HTTP.
func (c *canaries) imports(t *testing.T) {
	s := c.stage
	report := filepath.Join(c.folder, "report.ndjson")
	s.run(t, "", "import", c.file(t, "lines.ndjson", c.lines(t)), "--report", report)
	c.keep(t, report)
	c.good[c.last] = "default"
	again := filepath.Join(c.folder, "report of changed lines.ndjson")
	s.run(t, c.lines(t), "import", "-", "--input", "ndjson", "--set", "owner=team_7", "--map", "expires_at=", "--report", again)
	c.keep(t, again)
	c.good[c.last] = "default"
	table := filepath.Join(c.folder, "report of the table.ndjson")
	s.run(t, "", "import", c.file(t, "rows.csv", c.rows(t)), "--report", table, "--output", "json")
	c.keep(t, table)
	c.good[c.last] = "default"
	s.run(t, c.rows(t), "import", "-", "--input", "csv", "--dry-run")
	s.run(t, c.lines(t), "import", "-", "--input", "ndjson", "--dry-run")
	for _, args := range [][]string{
		{"--set", "key=" + c.key(t, "set")},
		{"--set", "hash=" + c.key(t, "set hash")},
		{"--set", c.key(t, "set alone")},
		{"--map", c.key(t, "map alone")},
		{"--set", c.key(t, "set field") + "=x"},
		{"--map", "a=" + c.key(t, "map to")},
		{"--delimiter", c.key(t, "delimiter")},
		{"--keyspace", c.key(t, "keyspace")},
	} {
		s.run(t, "name,a\nx,y\n", append([]string{"import", "-", "--input", "csv"}, args...)...)
	}
	s.run(t, "", "import", c.key(t, "file"))
	s.run(t, c.key(t, "no header")+"\n", "import", "-", "--input", "csv")
	s.run(t, "name,"+c.key(t, "unknown column")+"\n", "import", "-", "--input", "csv")

	if end := c.send(t, "default", api.MediaLines, c.lines(t)); !strings.Contains(end, `"refused":`) {
		t.Fatal(end)
	}
	c.good[c.last] = "default"
	c.send(t, "default", api.MediaCSV, c.rows(t))
	c.good[c.last] = "default"
	c.send(t, "default", api.MediaCSV, "name,"+c.key(t, "column over HTTP")+"\nx,y\n")
	c.send(t, "default", "text/plain", c.lines(t))
	c.send(t, c.key(t, "keyspace of a query"), api.MediaLines, "{}")
	s.sendAs(t, c.service, "POST", "/v1/keys/import?keyspace=default&"+c.key(t, "query")+"=1", api.MediaLines, "{}")
	s.sendAs(t, c.key(t, "authorization"), "POST", "/v1/keys/import?keyspace=default", api.MediaLines, "{}")
}

func (c *canaries) send(t *testing.T, keyspace, media, body string) string {
	t.Helper()
	return c.stage.sendAs(t, c.service, "POST", "/v1/keys/import?all=true&keyspace="+keyspace, media, body)
}

// slowHashes imports bcrypt hashes of keys whose format has a public id.
func (c *canaries) slowHashes(t *testing.T) {
	c.stage.run(t, "", "keyspaces", "create", "home", "--preset", "seam", "--prefix", "home", "--env", "none")
	f, err := keywright.Preset("seam")
	if err != nil {
		t.Fatal(err)
	}
	f.Prefix = "home"
	lines := ""
	for range 2 {
		made, err := keywright.Generate(f)
		if err != nil {
			t.Fatal(err)
		}
		key := made.Reveal()
		_, rest, _ := strings.Cut(key, "_")
		id, secret, _ := strings.Cut(rest, "_")
		c.secrets["secret of bcrypt "+id] = []byte(secret)
		hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		lines += `{"hash":"` + string(hash) + `","public_id":"` + id + `","name":"slow"}` + "\n"
		c.good[key] = "home"
	}
	if end := c.send(t, "home", api.MediaLines, lines); !strings.Contains(end, `"accepted":2`) {
		t.Fatal(end)
	}
}

// use verifies what was imported, once more with a pepper, and ends some of it.
func (c *canaries) use(t *testing.T) {
	s := c.stage
	for _, name := range []string{"default", "home"} {
		s.run(t, "", "keyspaces", "update", name, "--pepper", "made")
	}
	for key, keyspace := range c.good {
		if out := s.run(t, key+"\n", "verify", "--keyspace", keyspace); !strings.HasPrefix(out, "VALID") {
			t.Errorf("a key of %s that was imported is %s", keyspace, out)
		}
	}
	s.run(t, "", "keyspaces", "update", "default", "--pepper", "in-hex")
	for key, keyspace := range c.good {
		s.run(t, key[:len(key)-1]+"!\n", "verify", "--explain", "--keyspace", keyspace)
		s.run(t, key+"\n", "verify", "--explain", "--output", "json", "--keyspace", keyspace)
	}
	s.run(t, "", "list", "--output", "json")
	s.run(t, "", "revoke", "--filter", "search=good", "--yes")
	s.run(t, "", "revoke", "--keyspace", "home", "--filter", "all", "--yes")
}

// exports writes all records in every form.
func (c *canaries) exports(t *testing.T) {
	for _, keyspace := range []string{"default", "home"} {
		for name, hashes := range map[string][]string{"plain": nil, "hashes": {"--hashes"}} {
			for _, form := range []string{"ndjson", "csv"} {
				path := filepath.Join(c.folder, keyspace+" "+name+"."+form)
				c.stage.run(t, "", append([]string{"export", "--keyspace", keyspace, "--to", path}, hashes...)...)
				text := c.keep(t, path)
				if shown := bytes.Contains(text, []byte("sha256")); shown != (hashes != nil) {
					t.Errorf("%s: shows hashes: %v", path, shown)
				}
			}
		}
	}
	c.stage.run(t, "", "export", "--hashes")
	c.stage.send(t, c.service, "GET", "/v1/keys/export?keyspace=default&hashes=true", "")
	c.stage.send(t, c.service, "GET", "/v1/keys/export?keyspace=default&q="+c.key(t, "query of an export"), "")
	c.stage.run(t, "", "export", "--keyspace", c.key(t, "keyspace of an export"))
}

// pepperIn opens a pepper that is sealed in a backup.
func pepperIn(t *testing.T, archive, name string, root []byte) []byte {
	t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r, err := backup.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := authority.NewSealer(root, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for {
		v, err := r.Next()
		if err == io.EOF {
			t.Fatal("the pepper is not in the backup")
		}
		if err != nil {
			t.Fatal(err)
		}
		item, ok := v.(*authority.Item)
		if !ok || item.Kind != "pepper" || item.Name != name {
			continue
		}
		plain, err := sealer.Unseal(item.Kind, item.Name, item.Data)
		if err != nil || len(plain) != 32 {
			t.Fatalf("%d bytes, %v", len(plain), err)
		}
		return plain
	}
}
