// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/keywright/keywright"
)

// wording are flags whose values are words for people: there a guess is not enough.
var wording = []string{"--name", "--reason"}

// freeText are flags whose values are the user's own ids and paths: there only what is a key beyond doubt is taken for
// one.
var freeText = []string{
	"--owner", "--metadata", "--idempotency-key", "--public-id", "--bind-owner", "--to", "--hashes-to",
	"--key-file", "--service-key-file", "--admin-key-file", "--data", "--config", "--config-dir", "--file", "--hash",
	"--tls-cert", "--tls-key", "--allow-path", "--scope-expr", "--path", "--q", "--cursor",
	"--public-to", "--secret-file", "--headers-file", "--id", "--signature",
	"--filter", "--user", "--key-id", "--jwks", "--check", "--token-file",
	"--report", "--map", "--set", "--pepper",
	"--from", "--root-key-file", "--revocation-log", "--checkpoint-file", "--value",
	"--database-url-file",
	"--baseline", "--range",
	"--receiver-file", "--authorization-file", "--secret-to", "--export-folder", "--where",
}

// guard refuses arguments that look like a key or hold a password. The shell's history keeps arguments, and every
// user of the machine can see them. What was found is not repeated.
func guard(args []string) error {
	before := ""
	hashes := len(args) > 0 && args[0] == "match"
	for _, arg := range args {
		flag, value := before, arg
		if name, rest, ok := strings.Cut(arg, "="); ok && strings.HasPrefix(arg, "-") {
			flag, value = name, rest
		}
		if _, rest, ok := strings.Cut(value, "="); ok && flag == "--filter" {
			value = rest
		}
		if hashes || flag == "--hash" {
			if _, err := keywright.ParseHash(value); err == nil {
				continue
			}
		}
		if looksLikeKey(strings.TrimLeft(value, "-"), evidence(flag)) {
			return misused("an argument looks like a key, and a key is never an argument: the shell's history keeps it, and others on this machine can see it",
				keyInputHint+"; rotate this one if it is in use, and clear the shell's history")
		}
		if holdsPassword(value) {
			return misused("an argument holds a password in a URL: the shell's history keeps it, and others on this machine can see it",
				"leave it out: the service key comes from a profile, KEYWRIGHT_SERVICE_KEY or --service-key-file, the URL of a database from KEYWRIGHT_DATABASE_URL or --database-url-file; change this password, and clear the shell's history")
		}
		before = arg
	}
	return nil
}

// evidence is what must speak for a key in the value of a flag, or in an argument.
func evidence(flag string) keywright.Certainty {
	switch {
	case slices.Contains(freeText, flag):
		return keywright.ByPrefix
	case slices.Contains(wording, flag):
		return keywright.ByShape
	}
	return keywright.ByGuess
}

// looksLikeKey reports whether a text is a key, by evidence of that kind or a better one.
func looksLikeKey(s string, evidence keywright.Certainty) bool {
	for _, prefix := range []string{"wh_", "leak_"} { // ids of these are written as that of a key
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			s = "key_" + rest
		}
	}
	if _, err := keywright.ParseKeyID(s); err == nil {
		return false
	}
	for _, c := range keywright.Inspect(keywright.NewSecret(s)) {
		if c.Certainty <= evidence && c.EntropyBits >= 80 && dense(s) {
			return true
		}
	}
	return false
}

// dense reports whether s holds a long run that is no word: names are made of short ones, joined by dashes.
func dense(s string) bool {
	const long = 16
	for run := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune("_-.:~ ", r) }) {
		digit := strings.ContainsAny(run, "0123456789")
		lower := strings.ContainsFunc(run, func(r rune) bool { return 'a' <= r && r <= 'z' })
		upper := strings.ContainsFunc(run, func(r rune) bool { return 'A' <= r && r <= 'Z' })
		if len(run) >= long && (digit && (lower || upper) || lower && upper) {
			return true
		}
	}
	return false
}

func holdsPassword(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || strings.ContainsAny(scheme, "/ ") {
		return false
	}
	if u, err := url.Parse(s); err == nil {
		_, has := u.User.Password()
		return has
	}
	host, _, _ := strings.Cut(rest, "/")
	user, _, found := strings.Cut(host, "@")
	return found && strings.Contains(user, ":")
}
