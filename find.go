// SPDX-License-Identifier: Apache-2.0

package keywright

import "strings"

// keywright finds the default sizes, and other sizes where the checksum proves them.
func (in *inspection) keywright() {
	const id, secret = 12, 43
	for i := 1; i < len(in.fronts); i++ {
		at := &in.fronts[i]
		body := in.text[at.cut:]
		usual := len(body) == id+1+secret+6 && body[id] == at.separator[0]
		if !usual && !hasCRC32(body) {
			continue
		}
		f := at.format(DefaultPreset)
		if !usual {
			f.ID, f.Secret = Part{}, Part{Encoding: Base62, Chars: len(body) - 6}
			if i := strings.IndexByte(body, at.separator[0]); i > 0 {
				f.ID, f.Secret.Chars = Part{Encoding: Base62, Chars: i}, len(body)-i-1-6
			}
			if checkSecret(f) != nil || checkShape(f) != nil {
				continue
			}
		}
		if in.add(&f, ByShape) {
			return
		}
	}
}

// hasCRC32 reports whether body, after the labels, ends in its own checksum.
func hasCRC32(body string) bool {
	n := len(body) - 6
	if n < 22 || !Base62.only(body[n:]) {
		return false
	}
	var sum [6]byte
	return string(appendCRC32(sum[:0], []byte(body[:n]))) == body[n:]
}

// seam finds keys as the original issues them. It reports whether nothing else writes such keys.
func (in *inspection) seam() bool {
	const id, secret = 8, 24
	for i := range in.fronts {
		at := &in.fronts[i]
		body := in.text[at.cut:]
		if at.cut > 0 && len(body) == id+1+secret && body[id] == at.separator[0] && Base58.only(body[:id]) && Base58.only(body[id+1:]) {
			return in.addAs(at, "seam", ByShape) && !crockfordLike(body[:id])
		}
	}
	return false
}

// seamV4 finds keys of the fork: three parts, of which two are whole bytes in base58. It reports whether nothing else
// writes such keys.
func (in *inspection) seamV4() bool {
	if len(in.fronts) < 2 {
		return false
	}
	at := &in.fronts[1] // one word
	id, secret, ok := strings.Cut(in.text[at.cut:], at.separator)
	plausible := ok && 8 <= len(id) && len(id) <= 11 && 16 <= len(secret) && len(secret) <= 22 && Base58.only(id) && Base58.only(secret)
	return plausible && in.addAs(at, "seam-v4", ByShape) && !crockfordLike(id)
}

// seamPort finds what ports of it made: other lengths, base62.
func (in *inspection) seamPort() {
	if len(in.found) > 0 && in.all {
		return
	}
	for i := range in.fronts {
		at := &in.fronts[i]
		id, secret, ok := strings.Cut(in.text[at.cut:], at.separator)
		if at.cut == 0 || !ok || !alphanumeric(id) || !alphanumeric(secret) {
			continue
		}
		plausible := !in.bare && at.wordy(false) && 8 <= len(id) && len(id) <= 11 && 16 <= len(secret) && len(secret) <= 44 && !usualEnvironment(id)
		if in.all || plausible {
			if in.addAs(at, "seam", ByGuess) {
				in.found[len(in.found)-1].Kind = portOf(id, secret)
			}
			return
		}
	}
}

// portOf names those who write the parts of such a key so, where that is known.
func portOf(id, secret string) string {
	switch {
	case Base58.only(id) && Base58.only(secret) && len(id) <= 11 && 32 <= len(secret) && len(secret) <= 33:
		return "as ports in Rust and Go write it"
	case len(id) == 8 && len(secret) == 24 && !Base58.only(id+secret):
		return "as ports in Elixir and PHP write it"
	}
	return ""
}

// plain finds labels and one alphanumeric secret after them.
func (in *inspection) plain(preset string) {
	for i := range in.fronts {
		at := &in.fronts[i]
		secret := in.text[at.cut:]
		if i < len(in.fronts)-1 && strings.ContainsAny(secret, separators) || at.cut == 0 && preset == "unambiguous" {
			continue
		}
		if !in.all && (!alphanumeric(secret) || otherAlphabet(secret) || at.cut > 0 && !at.wordy(in.bare)) {
			continue
		}
		if !in.all && preset == "unambiguous" && !Base55.only(secret) {
			return
		}
		f := at.format(preset)
		f.Secret.Chars = len(secret)
		if checkSecret(f) != nil {
			continue
		}
		sure := ByShape
		if at.cut == 0 {
			sure = ByGuess
		}
		in.add(&f, sure)
		return
	}
}

// fixedPreset returns the preset that a word at the front names.
func fixedPreset(word string) string {
	switch word {
	case "sk", "api":
		return "secret-key"
	case "pk", "pub":
		return "publishable-key"
	case "rk":
		return "restricted-key"
	case "whsec":
		return "webhook-secret"
	case "svc", "int":
		return "service-token"
	case "pat":
		return "personal-token"
	}
	return ""
}

// fixed finds a prefix that names a kind of key, perhaps a usual environment, and one secret.
func (in *inspection) fixed(want string) {
	for i := range in.fronts {
		at := &in.fronts[i]
		preset, secret := fixedPreset(at.prefix), in.text[at.cut:]
		next, _, more := strings.Cut(secret, at.separator)
		if preset == "" || want != "" && want != preset || more && at.environment == "" && usualEnvironment(next) {
			continue
		}
		f := at.format(preset)
		f.Prefix = at.prefix
		f.setEnvironment(at.environment)
		switch n := len(secret); {
		case f.Secret.Encoding == Base64:
			f.Secret.Bytes = n*3/4 - strings.Count(secret, "=")
			if f.Secret.Bytes < 24 {
				continue
			}
		case n%2 == 0 && 32 <= n && Hex.only(secret):
			f.Secret = Part{Encoding: Hex, Bytes: n / 2}
		default:
			f.Secret.Chars = n
		}
		if checkSecret(f) == nil {
			in.add(&f, ByPrefix)
		}
		return
	}
}
