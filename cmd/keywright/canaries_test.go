// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// canaries are secrets by what is done with them. No two are the same, so what is found tells how it got there.
type canaries struct {
	stage   *stage
	folder  string
	service string
	secrets map[string][]byte
	last    string            // the key of the last good line or row
	good    map[string]string // the keyspaces of the keys that were imported
}

// key makes a key that is looked for.
func (c *canaries) key(t *testing.T, name string) string {
	t.Helper()
	key := stranger(t, "default")
	c.secrets[fmt.Sprint(name, " ", len(c.secrets))] = []byte(key[len(key)-secretPart:])
	return key
}

// mistyped makes a key whose checksum is wrong.
func (c *canaries) mistyped(t *testing.T, name string) string {
	t.Helper()
	key := []byte(c.key(t, name))
	if key[len(key)-1]++; key[len(key)-1] == 'z'+1 || key[len(key)-1] == 'Z'+1 || key[len(key)-1] == '9'+1 {
		key[len(key)-1] = '0'
	}
	return string(key)
}

func (c *canaries) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(c.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// keep keeps a file that a command wrote.
func (c *canaries) keep(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c.stage.places[filepath.Base(path)] = text
	return text
}

// lines are those of an import: a good one, and one for each way to be refused. The first field of each is a key, or
// something that holds one.
func (c *canaries) lines(t *testing.T) string {
	good := c.key(t, "good line")
	c.last = good
	k := func(name string) string { return c.key(t, name) }
	long := strings.Repeat("x", 1<<20)
	list := []string{
		`{"key":"` + good + `","name":"good"}`,
		`{"key":"` + good + `","name":"again, and another name"}`,
		`{"key":"` + c.mistyped(t, "wrong checksum") + `"}`,
		`{"key":"` + strings.Replace(k("unknown environment"), "_live_", "_nowhere_", 1) + `"}`,
		`{"key":"` + k("unknown field") + `","colour":"red"}`,
		`{"` + k("name of a field") + `":1}`,
		`{"key":"` + k("too long") + `","name":"` + long + `"}`,
		long + k("too long, at its end"),
		`{"key":{"a":"` + k("object") + `"}}`, `{"key":["` + k("list") + `"]}`, `"` + k("text") + `"`, k("no JSON"), `{"key":"` + k("cut off"),
		`{"key":"` + k("with a hash") + `","hash":"` + k("as a hash") + `"}`,
		`{"hash":"` + k("hash") + `"}`, `{"hash":"$2b$10$` + k("bcrypt") + `"}`, `{"hash":"$argon2id$v=19$` + k("argon2") + `"}`,
		`{"key":"` + k("scope beside") + `","scopes":["` + k("scope") + ` x"]}`,
	}
	for _, field := range []string{
		"id", "keyspace", "format", "environment", "parent", "roles", "limits", "credits", "allowed_networks", "not_before", "expires_at",
		"created_at", "revoked_at", "disabled", "hash_encoding", "algorithm", "pepper", "covers", "public_id", "secrets",
	} {
		list = append(list, `{"`+field+`":"`+k(field)+`","hash":"`+strings.Repeat("0", 64)+`"}`)
	}
	for _, field := range []string{"format", "pepper", "public_id", "environment"} {
		list = append(list, `{"key":"`+k("key beside "+field)+`","`+field+`":"`+k(field+" beside a key")+`"}`)
	}
	list = append(list, `{"secrets":[{"key":"`+k("first of two")+`"},{"key":"`+k("second, without an end")+`"}]}`)
	return strings.Join(list, "\n") + "\n"
}

// rows are those of a table.
func (c *canaries) rows(t *testing.T) string {
	good := c.key(t, "good row")
	c.last = good
	k := func(name string) string { return c.key(t, name) }
	return strings.Join([]string{
		"name,key,expires_at",
		"good row," + good + ",",
		"checksum," + c.mistyped(t, "wrong checksum in a row") + ",",
		"cells," + k("too many cells") + ",,,",
		"few," + k("too few cells"),
		`quote,x` + `"` + k("bad quote") + `,`,
		"time,x," + k("time"),
		"beside," + k("beside a bad time") + ",tomorrow",
		"long," + k("long row") + "," + strings.Repeat("x", 1<<20),
		`open,"` + k("quote that is open"),
	}, "\n") + "\n"
}
