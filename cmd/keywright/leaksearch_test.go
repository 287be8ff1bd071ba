// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
)

// secretPart is the length of a key from its end that is secret: 43 characters and the checksum.
const secretPart = 49

// disguises are the forms in which a leak is looked for.
func disguises(secret []byte) map[string][]byte {
	reversed := bytes.Clone(secret)
	slices.Reverse(reversed)
	escaped, wide := "", []byte{}
	for _, c := range secret {
		escaped += fmt.Sprintf("%%%02X", c)
		wide = append(wide, c, 0)
	}
	forms := map[string][]byte{
		"raw": secret, "hex": []byte(hex.EncodeToString(secret)), "URL-encoded": []byte(escaped), "UTF-16LE": wide, "reversed": reversed,
	}
	for shift := range 3 { // what stands before the secret decides how its bits fall
		for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			text := encoding.EncodeToString(append(make([]byte, shift), secret...))
			forms[fmt.Sprint(name, " at ", shift)] = []byte(text[4:min(36, len(text)-4)])
		}
	}
	return forms
}

// pieces are the parts of a secret that no place may hold: a third of one is a leak as well.
func pieces(secret []byte) (list [][]byte) {
	for p := range slices.Chunk(secret, 14) {
		if len(p) >= 10 {
			list = append(list, p)
		}
	}
	return list
}

// leaks says where a key of the usual shape is found.
func leaks(key string, places map[string][]byte) (found []string) {
	return leaksOf([]byte(key[len(key)-secretPart:]), places)
}

// leaksOf says where a secret is found.
func leaksOf(secret []byte, places map[string][]byte) []string { return searchIn(places)(secret) }

// searchIn returns what says where a secret is found in places.
func searchIn(places map[string][]byte) func(secret []byte) []string {
	lower := map[string][]byte{}
	for name, text := range places {
		lower[name] = bytes.ToLower(text)
	}
	return func(secret []byte) (found []string) {
		for form, b := range disguises(secret) {
			small := bytes.ToLower(b)
			for name, text := range places {
				if bytes.Contains(text, b) || bytes.Contains(lower[name], small) {
					found = append(found, name+" ("+form+")")
				}
			}
		}
		for i, p := range pieces(secret) {
			for name, text := range places {
				if bytes.Contains(text, p) {
					found = append(found, fmt.Sprintf("%s (part %d)", name, i+1))
				}
			}
		}
		slices.Sort(found)
		return found
	}
}

// TestTheSearchFindsPlantedLeaks proves that the tests that search could fail.
func TestTheSearchFindsPlantedLeaks(t *testing.T) {
	key := stranger(t, "acme")
	for name, secret := range map[string][]byte{
		"key": []byte(key[len(key)-secretPart:]), "bytes": randomBytes(32), "short key": []byte("51FwqftsmMDHHbJAMEXXHCgG"),
	} {
		for form, b := range disguises(secret) {
			text := append(append([]byte("some log line "), b...), " and more"...)
			if len(leaksOf(secret, map[string][]byte{"log": text})) == 0 {
				t.Errorf("%s: a leak %s was not found", name, form)
			}
		}
		if len(pieces(secret)) < 2 {
			t.Errorf("%s: it has no parts", name)
		}
		for i, p := range pieces(secret) {
			text := append(append([]byte("x"), p...), 'y')
			if len(leaksOf(secret, map[string][]byte{"log": text})) == 0 {
				t.Errorf("%s: part %d was not found", name, i+1)
			}
		}
		if found := leaksOf(secret, map[string][]byte{"log": append([]byte(stranger(t, "acme")), randomBytes(1000)...)}); len(found) > 0 {
			t.Errorf("%s: found what is not there: %v", name, found)
		}
	}
}
