// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"hash/crc32"
	"math/bits"
	"slices"
	"strings"
)

// An issuer gives keys of its own to its customers. Inspect knows them by their prefix; nothing here makes them.
type issuer struct {
	name   string // for InspectAs and in Candidate.Preset
	title  string
	revoke string // where a key of it is ended
	kinds  []kind
}

// A kind is one kind of key of an issuer: a prefix, and what follows it.
type kind struct {
	prefix string
	what   string // as its issuer calls it
	opens  string // as far as the prefix says
	shape  []piece
	sum    *sum
	// shared is how sure a reading is whose prefix others use too; zero where the prefix is the issuer's alone.
	shared Certainty
}

// A piece of a key is a fixed text, or a run of characters of one alphabet.
type piece struct {
	text     string
	of       Encoding
	min, max int
	plain    bool // the run tells rather than hides: it counts for no entropy
}

func fixed(text string) piece                    { return piece{text: text} }
func run(of Encoding, n int) piece               { return piece{of: of, min: n, max: n} }
func between(of Encoding, least, most int) piece { return piece{of: of, min: least, max: most} }
func plain(of Encoding, least, most int) piece {
	return piece{of: of, min: least, max: most, plain: true}
}

// A sum is the rule of a checksum: a number, in an alphabet, at the end of the key.
type sum struct {
	number     func(covered string) uint64
	alphabet   string
	size       int
	prefix     bool // it covers the prefix too
	gap, after int  // characters before it that it does not cover, and after it
	// documented says that the issuer publishes the rule, or makes it known by its sources, and keeps to it in all keys.
	// Where it does not, a wrong checksum makes the reading less sure and proves nothing.
	documented bool
}

func crcOf(covered string) uint64       { return uint64(crc32.ChecksumIEEE([]byte(covered))) }
func crcLittleOf(covered string) uint64 { return uint64(bits.ReverseBytes32(uint32(crcOf(covered)))) }

// shaOf is the first 40 bits of SHA-256.
func shaOf(covered string) uint64 {
	h := HashText(covered)
	return uint64(h[0])<<32 | uint64(h[1])<<24 | uint64(h[2])<<16 | uint64(h[3])<<8 | uint64(h[4])
}

// write returns the checksum that belongs to what it covers.
func (s *sum) write(covered string) string {
	var room [8]byte
	digits, n := room[:s.size], s.number(covered)
	for i := s.size - 1; i >= 0; i-- {
		digits[i] = s.alphabet[n%uint64(len(s.alphabet))]
		n /= uint64(len(s.alphabet))
	}
	return string(digits)
}

// check compares the checksum that a key of the kind carries with the one it should.
func (k *kind) check(text string) ChecksumResult {
	if k.sum == nil {
		return ChecksumNone
	}
	from, end := len(k.prefix), len(text)-k.sum.after
	if k.sum.prefix {
		from = 0
	}
	if k.sum.write(text[from:end-k.sum.size-k.sum.gap]) == text[end-k.sum.size:end] {
		return ChecksumOK
	}
	return ChecksumWrong
}

// bits returns the entropy of a key of the kind: at most what its alphabets could hold. The checksum counts for nothing.
func (k *kind) bits(text string) (bits float64, ok bool) {
	if bits, ok = measure(k.shape, text[len(k.prefix):]); ok && k.sum != nil && k.sum.gap == 0 {
		last := k.shape[len(k.shape)-1]
		if !last.plain {
			bits -= float64(k.sum.size+k.sum.after) * last.of.bitsPerChar()
		}
	}
	return bits, ok
}

// measure reports whether text is written as the pieces say, and how much entropy it can hold.
func measure(shape []piece, text string) (bits float64, ok bool) {
	if len(shape) == 0 {
		return 0, text == ""
	}
	p := shape[0]
	if p.text != "" {
		rest, found := strings.CutPrefix(text, p.text)
		if !found {
			return 0, false
		}
		return measure(shape[1:], rest)
	}
	n := 0
	for n < len(text) && n < p.max && members[text[n]]&(1<<p.of) != 0 {
		n++
	}
	for ; n >= p.min; n-- {
		if bits, ok = measure(shape[1:], text[n:]); ok {
			if !p.plain {
				bits += float64(n) * p.of.bitsPerChar()
			}
			return bits, true
		}
	}
	return 0, false
}

// Issuers lists the names of other issuers whose keys Inspect knows. InspectAs takes them too.
func Issuers() []string {
	var names []string
	for _, i := range issuers {
		names = append(names, i.name)
	}
	return names
}

// An origin is a kind with its issuer.
type origin struct {
	*issuer
	*kind
}

// origins are all kinds by their first character, longer prefixes first.
var origins = func() (by [256][]origin) {
	for i := range issuers {
		for j := range issuers[i].kinds {
			k := &issuers[i].kinds[j]
			by[k.prefix[0]] = append(by[k.prefix[0]], origin{&issuers[i], k})
		}
	}
	for _, of := range by {
		slices.SortStableFunc(of, func(a, b origin) int { return len(b.prefix) - len(a.prefix) })
	}
	return by
}()

// issued finds the kind of another issuer, of any or of the one with a name, and reports whether the prefix is that
// issuer's alone. It keeps the prefix that fits where the rest does not.
func (in *inspection) issued(name string) (alone bool) {
	for _, o := range origins[in.text[0]] {
		if !strings.HasPrefix(in.text, o.prefix) || name != "" && name != o.name {
			continue
		}
		if entropy, ok := o.bits(in.text); ok {
			in.addIssued(o, entropy)
			return o.shared == 0
		}
		if in.near == nil {
			in.near = o.kind
		}
	}
	return false
}

func (in *inspection) addIssued(o origin, entropy float64) {
	c := Candidate{
		Preset: o.name, Issuer: o.title, Kind: o.what, Opens: o.opens, Revoke: o.revoke, Certainty: ByPrefix,
		Prefix: strings.TrimRight(o.prefix, separators), Checksum: o.check(in.text), EntropyBits: entropy, Strength: Strength(entropy),
		StorageHash: HashText(in.text), Masked: o.prefix + "***", Format: Format{Preset: "opaque", Secret: Part{Encoding: Opaque}},
	}
	if i := strings.LastIndexAny(c.Prefix, separators); i > 0 && usualEnvironment(c.Prefix[i+1:]) {
		c.Prefix, c.Environment = c.Prefix[:i], c.Prefix[i+1:]
	}
	switch {
	case c.Checksum == ChecksumOK:
		c.Certainty = ByChecksum
	case c.Checksum == ChecksumWrong && !o.sum.documented:
		c.Certainty = ByShape
	case o.shared != 0:
		c.Certainty = o.shared
	}
	in.found = append(in.found, c)
}

// issuedAs reads the text as a key of one issuer.
func (in *inspection) issuedAs(name string) (Candidate, error) {
	problem := "begins with none of its prefixes"
	if in.text != "" && len(in.text) <= MaxKeyBytes {
		in.issued(name)
	}
	switch {
	case len(in.found) > 0:
		return in.found[0], nil
	case in.near != nil:
		problem = "begins as one (" + in.near.what + "), and has another length or alphabet"
	}
	return Candidate{}, &ParseError{"key", "is not of " + name + ": it " + problem}
}

// Damaged reports whether the checksum proves that the key was mistyped or cut off. A checksum whose rule the issuer
// does not publish proves nothing.
func (c Candidate) Damaged() bool {
	return c.Checksum == ChecksumWrong && (c.Issuer == "" || c.Certainty == ByPrefix)
}
