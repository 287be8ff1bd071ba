// SPDX-License-Identifier: Apache-2.0

package leak

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/keywright/keywright"
)

// A rule is what a text begins with where a key of a kind does, or where one does that is wrapped in base64.
type rule struct {
	literal string
	formats []int // of Scanner.formats; none: a key of another issuer
	wrapped bool
	// Of a wrapped rule: characters of its group of four before the literal, and bytes of the group before the key.
	lead, skip int
}

// A Scanner knows what to look for. It is safe for use by several goroutines.
type Scanner struct {
	formats []format
	rules   map[uint16][]rule // by the first two bytes
	pairs   [1 << 10]uint64   // a bit for each key of rules
	known   bool
	least   int // characters of the alphabet of base64 that stand in a row in each key
	reach   int // how far before such a row a key can begin
}

// format is one to read keys by.
type format struct {
	keywright.Format
	keyspaces []string
	usual     bool // whose it is nobody said: demand that its labels are the usual ones
}

// leastRow is the row of characters that keys of other issuers have at least.
const leastRow = 24

// New makes a scanner. A *keywright.FormatError says which format cannot be looked for, and why.
func New(o Options) (*Scanner, error) {
	s := &Scanner{known: o.Known, rules: map[uint16][]rule{}, least: leastRow, reach: 8}
	byText := map[string]*rule{}
	for _, f := range o.Formats {
		if err := s.addFormat(byText, f); err != nil {
			return nil, err
		}
	}
	if o.Known {
		s.reach = max(s.reach, len("dp.st.")+36)
		s.addPresets(byText)
		for _, prefix := range keywright.IssuerPrefixes() {
			if byText[prefix] == nil {
				byText[prefix] = &rule{literal: prefix}
			}
		}
	}
	for _, r := range byText {
		s.add(*r)
		s.addWrapped(r)
	}
	for _, rules := range s.rules { // the longest first: of two that fit it says more
		slices.SortFunc(rules, func(a, b rule) int {
			if len(a.literal) != len(b.literal) {
				return len(b.literal) - len(a.literal)
			}
			return strings.Compare(a.literal, b.literal)
		})
	}
	return s, nil
}

// Findable says why keys of a format cannot be looked for, or nothing.
func Findable(f keywright.Format) error {
	switch {
	case f.Secret.Encoding == keywright.Opaque:
		return &keywright.FormatError{Field: "preset", Problem: "opaque fits any text, so its keys cannot be looked for", Hint: "leave it out, or choose another preset"}
	case f.Prefix == "" && f.Environment == "":
		return &keywright.FormatError{Field: "prefix", Problem: "is missing: nothing tells such keys from other text", Hint: "look for a format with a prefix"}
	}
	return nil
}

// addFormat adds a format of one's own. Publishable keys are no leaks.
func (s *Scanner) addFormat(byText map[string]*rule, given Format) error {
	f, err := given.Normalize()
	if err != nil {
		return err
	}
	if err := Findable(f); err != nil || f.Publishable {
		return err
	}
	for i := range s.formats {
		if have := &s.formats[i]; sameKeys(have.Format, f) {
			have.keyspaces = append(have.keyspaces, given.Keyspace)
			return nil
		}
	}
	own := format{Format: f}
	if given.Keyspace != "" {
		own.keyspaces = []string{given.Keyspace}
	}
	s.addReadable(byText, own)
	return nil
}

// sameKeys reports whether two formats write the same keys, so that a key of one is found as that of both.
func sameKeys(a, b keywright.Format) bool {
	a.Name, b.Name, a.Preset, b.Preset, a.Hash, b.Hash = "", "", "", "", 0, 0
	if a.Environment != "" && b.Environment != "" && a.Prefix != "" {
		a.Environment, b.Environment = "", ""
	}
	return a == b
}

func (s *Scanner) addReadable(byText map[string]*rule, f format) {
	n := len(s.formats)
	s.formats = append(s.formats, f)
	s.least = min(s.least, row(f.Format))
	s.reach = max(s.reach, 3*33+33)
	for _, literal := range beginnings(f.Format) {
		if byText[literal] == nil {
			byText[literal] = &rule{literal: literal}
		}
		byText[literal].formats = append(byText[literal].formats, n)
	}
}

// beginnings are the texts that keys of a format begin with.
func beginnings(f keywright.Format) []string {
	if f.Prefix != "" {
		return []string{f.Prefix + f.Separator}
	}
	labels := []string{f.Environment + f.Separator}
	for _, usual := range []string{"live", "test", "dev", "staging", "prod"} {
		if usual != f.Environment {
			labels = append(labels, usual+f.Separator)
		}
	}
	return labels
}

// row is how many characters of the alphabet of base64 stand in a row in each key of a format.
func row(f keywright.Format) int {
	n := f.Secret.Chars
	if bytes := f.Secret.Bytes; bytes > 0 {
		switch f.Secret.Encoding {
		case keywright.Hex:
			n = 2 * bytes
		case keywright.Crockford:
			n = (8*bytes + 4) / 5
		case keywright.Base58:
			n = bytes // with zeros in front it is shorter than usual
		default:
			n = base64.RawStdEncoding.EncodedLen(bytes)
		}
	}
	return max(n, 8)
}

// addPresets adds the presets whose prefix names the kind of key.
func (s *Scanner) addPresets(byText map[string]*rule) {
	for _, name := range []string{"secret-key", "restricted-key", "webhook-secret", "service-token", "personal-token"} {
		if f, err := keywright.Preset(name); err == nil {
			s.addReadable(byText, format{Format: f, usual: true})
		}
	}
}

// add files a rule under its first two bytes.
func (s *Scanner) add(r rule) {
	pair := uint16(r.literal[0])<<8 | uint16(r.literal[1])
	s.rules[pair] = append(s.rules[pair], r)
	s.pairs[pair>>6] |= 1 << (pair & 63)
}

// addWrapped adds what the beginning of a key looks like in base64, with 0, 1 and 2 bytes of its group of three before
// it; also of UTF-16, as some shells take their commands.
func (s *Scanner) addWrapped(of *rule) {
	var wide []byte
	for _, c := range []byte(of.literal) {
		wide = append(wide, c, 0)
	}
	for _, text := range [][]byte{[]byte(of.literal), wide} {
		for skip := range 3 {
			lead := (8*skip + 5) / 6
			known := 8 * (skip + len(text)) / 6
			for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				written := alphabet.EncodeToString(append(make([]byte, skip), text...))[lead:known]
				r := rule{literal: written, wrapped: true, lead: lead, skip: skip}
				if len(written) >= 2 && !s.has(&r) {
					s.add(r)
				}
			}
		}
	}
}

func (s *Scanner) has(r *rule) bool {
	return slices.ContainsFunc(s.rules[uint16(r.literal[0])<<8|uint16(r.literal[1])], func(other rule) bool {
		return other.wrapped && other.literal == r.literal && other.skip == r.skip
	})
}
