// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"slices"
	"strings"
)

// A front is one way to see labels at the start of a text of unknown format.
type front struct {
	cut         int    // where the labels end and the rest begins
	separator   string // the one before cut
	words       string // all labels
	prefix      string // the labels without the environment
	environment string // the last label, where it is a usual word for that, or where the prefix cannot hold it
}

// readFronts appends the ways to see labels in text: none, one, two ….
func readFronts(fronts []front, text string) []front {
	fronts = append(fronts, front{separator: "_"})
	word, other := 0, len(text) // other is where the first separator is that a prefix cannot hold
	for i := 0; i < len(text) && i <= 2*maxLabel+1; i++ {
		if members[text[i]]&1 != 0 {
			continue
		}
		if !isSeparator(text[i]) || i == word {
			break
		}
		word = i + 1
		if text[i] != '_' && i < other {
			other = i
		}
		at := front{cut: word, separator: text[i:word], words: text[:i], prefix: text[:i]}
		last := strings.LastIndexByte(at.words, text[i])
		if label := at.words[last+1:]; usualEnvironment(label) || last >= 0 && (text[i] != '_' || i > maxLabel) {
			at.environment, at.prefix = label, at.words[:max(last, 0)]
		}
		if len(at.prefix) <= maxLabel && len(at.environment) <= maxLabel && alphanumeric(at.environment) && len(at.prefix) <= other {
			fronts = append(fronts, at)
		}
	}
	return fronts
}

// format returns a preset with the labels of the front.
func (at *front) format(preset string) Format {
	f := presets[preset]
	f.Preset, f.Prefix, f.Separator = preset, at.prefix, at.separator
	joins := (at.prefix == "" || at.separator == "_") && len(at.words) <= maxLabel
	if has := f.Environment != "" && (at.prefix != "" || preset == "public-id"); !has && joins {
		f.Prefix, f.Environment = at.words, ""
	} else {
		f.setEnvironment(at.environment)
	}
	return f
}

// setEnvironment sets the label as a format holds it.
func (f *Format) setEnvironment(label string) {
	if f.Environment = ""; label != "" {
		f.Environment, _ = Environment(label)
	}
}

// wordy reports whether the labels look like words, rather than like pieces of a secret that holds separators: in one
// case, or short like myApp. Plain words are in lower case.
func (at *front) wordy(plain bool) bool {
	mixed, from := 0, 0
	for i := 0; i <= len(at.words); i++ {
		if i < len(at.words) && !isSeparator(at.words[i]) {
			continue
		}
		word := at.words[from:i]
		from = i + 1
		if len(word) > 16 {
			return false
		}
		if lower, upper := cases(word); upper && (lower || plain) {
			mixed += len(word)
		}
	}
	return mixed == 0 || mixed <= 6 && !plain
}

// A reading is one way to read the preset public-id. A base64url secret can hold the separator, and a check fits
// whatever stands before it, so that there can be several.
type reading struct {
	at         int // of fronts
	check      Checksum
	id, secret Part
	weight     int
}

// publicID finds labels, perhaps a Crockford id, a secret that shows bytes, and perhaps a check; it returns the reading
// that most speaks for.
func (in *inspection) publicID() (f Format, ok bool) {
	if n := len(in.text) - Crockford4.size(); !in.all && n > 0 && isSeparator(in.text[n]) && Crockford.only(in.text[n+1:]) {
		if f, ok = in.bestReading(true); ok {
			return f, ok
		}
	}
	return in.bestReading(false)
}

// bestReading returns the reading that most speaks for, of all or of those whose check verifies.
func (in *inspection) bestReading(checked bool) (best Format, ok bool) {
	readings := make([]reading, 0, 8)
	sound := len(in.text) // from here on, base64url holds all characters, and so do the other alphabets
	for sound > 0 && members[in.text[sound-1]]&(1<<Base64URL) != 0 {
		sound--
	}
	for i := range in.fronts {
		at := &in.fronts[i]
		body := in.text[at.cut:]
		if n := len(body) - Crockford4.size(); n > 0 && at.cut > 0 && body[n] == at.separator[0] && crockfordLike(body[n+1:]) {
			readings = in.readBody(readings, i, body[:n], Crockford4)
		}
		if !checked && (in.all || at.cut >= sound && (!in.bare || at.wordy(true))) {
			readings = in.readBody(readings, i, body, NoChecksum)
		}
	}
	slices.SortStableFunc(readings, func(a, b reading) int { return b.weight - a.weight })
	for _, r := range readings {
		if ok && r.check == NoChecksum {
			continue // only a checksum that verifies goes before what has more weight
		}
		f := in.fronts[r.at].format("public-id")
		f.ID, f.Secret, f.Checksum = r.id, r.secret, r.check
		k, err := f.Parse(in.key)
		switch {
		case err != nil:
			in.blame(&f)
		case k.result == ChecksumOK:
			return f, true
		case !ok && !checked:
			best, ok = f, true
		}
	}
	return best, ok
}

// readBody adds the readings of what follows the labels, with and without an id.
func (in *inspection) readBody(readings []reading, i int, body string, check Checksum) []reading {
	r, at := reading{at: i, check: check}, &in.fronts[i]
	if at.environment != "" {
		r.weight += 4
	}
	if at.cut > 0 && at.wordy(false) {
		r.weight++
	}
	if id, secret, ok := strings.Cut(body, at.separator); ok && at.cut > 0 && crockfordLike(id) && !usualEnvironment(id) {
		r := r
		r.id = Part{Encoding: Crockford, Bytes: bytesIn(Crockford, len(id))}
		if r.weight += 8; Crockford.only(id) {
			r.weight += 2
		}
		if 4 <= r.id.Bytes && r.id.Bytes <= 12 {
			readings = r.with(readings, secret)
		}
	}
	return r.with(readings, body)
}

// with adds the reading if secret can be one.
func (r reading) with(readings []reading, secret string) []reading {
	if r.secret = bytesPart(secret); r.secret.None() {
		return readings
	}
	if standardSize(r.secret.Bytes) {
		r.weight += 16
	}
	return append(readings, r)
}

// bytesPart tells by alphabet and length how 16 to 64 bytes are written in s.
func bytesPart(s string) Part {
	for _, e := range [...]Encoding{Hex, Crockford, Base64URL} {
		n := bytesIn(e, len(s))
		if n < MinSecretBits/8 || n > maxSecretBytes {
			continue
		}
		if e == Base64URL || e == Hex && Hex.only(s) || e == Crockford && crockfordLike(s) {
			return Part{Encoding: e, Bytes: n}
		}
	}
	return Part{}
}

// standardSize reports whether n bytes are a usual size of a secret.
func standardSize(n int) bool { return n == 16 || n == 24 || n == 32 || n == 48 || n == 64 }

// otherAlphabet reports whether letters and digits are, in all likelihood, hex or Crockford's base32.
func otherAlphabet(s string) bool {
	return Hex.only(s) && bytesIn(Hex, len(s)) > 0 || Crockford.only(s) && bytesIn(Crockford, len(s)) > 0
}

// crockfordLike reports whether s is Crockford's base32 in one case, look-alikes of digits aside: mixed case is another
// alphabet.
func crockfordLike(s string) bool {
	var lower, upper bool
	for i := range len(s) {
		c := strictCrockford(s[i])
		if members[c]&(1<<Crockford) == 0 {
			return false
		}
		lower = lower || c != s[i] && c >= 'A'
		upper = upper || c == s[i] && c >= 'A'
	}
	return !lower || !upper
}

// cases reports whether s holds letters in lower and in upper case.
func cases(s string) (lower, upper bool) {
	for i := range len(s) {
		lower = lower || 'a' <= s[i] && s[i] <= 'z'
		upper = upper || 'A' <= s[i] && s[i] <= 'Z'
	}
	return lower, upper
}

// usualEnvironment reports whether word commonly names an environment.
func usualEnvironment(word string) bool {
	switch word {
	case "live", "test", "testing", "staging", "stage", "dev", "development", "prod", "production", "sandbox",
		"preview", "preprod", "qa", "uat", "demo", "local", "ci", "canary", "beta":
		return true
	}
	return false
}

func isSeparator(c byte) bool { return members[c]&separatorBit != 0 }
