// SPDX-License-Identifier: Apache-2.0

package leak

import (
	"github.com/keywright/keywright"
)

const (
	inRow = 1 << iota // of the alphabets of base64, and so of nearly all that keys are written in
	word              // letter, digit or _: what may not stand right behind a key
	alnum             // letter or digit: what may not stand right before a key
	inURL             // what an encoded value is written in
)

var classes = func() (c [256]uint8) {
	for _, b := range []byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
		c[b] = inRow | word | alnum | inURL
	}
	c['_'] = inRow | word | inURL
	for _, b := range []byte("-+/") {
		c[b] = inRow | inURL
	}
	for _, b := range []byte(".:~=%") {
		c[b] = inURL
	}
	return c
}()

// maxDepth is how many encodings within each other are undone.
const maxDepth = 3

// A search goes through one text.
type search struct {
	s     *Scanner
	text  []byte
	depth int
	spans []span
}

// A span is a key that was found in a text.
type span struct {
	from, to int
	finding  Finding
}

// find looks for keys in a text and in what is encoded in it. Places are those of the text.
func (s *Scanner) find(text []byte, depth int) []span {
	f := search{s: s, text: text, depth: depth}
	f.rows()
	if depth < maxDepth {
		f.wide()
		f.escaped()
	}
	return f.spans
}

// rows looks at every row of characters that is long enough for a key. Every key has such a row, so nothing else needs
// to be looked at: of a row it reads one character in many.
func (f *search) rows() {
	text, least, low, done, unpacked := f.text, f.s.least, 0, 0, 0
	for p := least - 1; p < len(text); {
		k := p + 1
		for k > low && classes[text[k-1]]&inRow != 0 {
			k--
		}
		if k > low {
			low, p = k, k-1+least
			continue
		}
		end := p + 1
		for end < len(text) && classes[text[end]]&inRow != 0 {
			end++
		}
		first := len(f.spans)
		done = f.begin(max(done, low-f.s.reach), end)
		if f.s.known {
			f.checked(low, end, first)
		}
		if f.depth < maxDepth && end-low >= leastPacked {
			unpacked = f.packed(max(low, unpacked), end)
		}
		low, p = end, end+least
	}
}

// begin tries every place up to end where a key could begin, and returns where to go on.
func (f *search) begin(at, end int) int {
	pairs := &f.s.pairs
	for end = min(end, len(f.text)-1); at < end; {
		pair := uint16(f.text[at])<<8 | uint16(f.text[at+1])
		if pairs[pair>>6]&(1<<(pair&63)) == 0 {
			at++
			continue
		}
		at += max(f.tryRules(f.s.rules[pair], at), 1)
	}
	return at
}

// tryRules returns the length of the key that begins at a place, or 0.
func (f *search) tryRules(rules []rule, at int) int {
	for i := range rules {
		r := &rules[i]
		if len(f.text)-at < len(r.literal) || string(f.text[at:at+len(r.literal)]) != r.literal {
			continue
		}
		if r.wrapped {
			f.unwrap(r, at)
			continue
		}
		if n := f.judge(r, at); n > 0 {
			return n
		}
	}
	return 0
}

// judge reads a key at a place, and keeps it if it is one.
func (f *search) judge(r *rule, at int) int {
	room := string(f.text[at:min(len(f.text), at+keywright.MaxKeyBytes+1)])
	free := freeBefore(f.text, at)
	for _, i := range r.formats {
		own := &f.s.formats[i]
		k, n := own.Spot(room)
		if n == 0 || !freeBehind(f.text, at+n) || k.Checksum() == keywright.ChecksumWrong || !free && k.Checksum() != keywright.ChecksumOK {
			continue
		}
		if k.Checksum() == keywright.ChecksumNone && !random(k.Secret().Reveal(), own.Secret.Encoding) || own.usual && !named(room[:n]) {
			continue
		}
		f.keep(at, at+n, findingOf(&k, own))
		return n
	}
	if !f.s.known || !free {
		return 0
	}
	c, n := keywright.SpotIssued(room)
	if n == 0 || c.Damaged() || publishable(&c) || c.Checksum != keywright.ChecksumOK && !random(room[len(c.Masked)-3:n], keywright.Base62) {
		return 0
	}
	f.keep(at, at+n, findingOfIssuer(&c, room[:n]))
	return n
}

// checked finds keys of the presets that have a checksum, whatever their labels: the checksum speaks for them.
func (f *search) checked(low, end, first int) {
	for p := low + 10; p+48 < end; p++ {
		sep := f.text[p]
		if sep != '_' && sep != '-' {
			continue
		}
		stop := 0
		switch {
		case p-13 >= 0 && f.text[p-13] == sep && p+50 <= len(f.text) && f.only(p-12, p) && f.only(p+1, p+50):
			stop = p + 50
		case f.text[p-9] == sep && p+49 <= len(f.text) && f.text[p+44] == sep && f.only(p-8, p):
			stop = p + 49
		}
		if stop == 0 || !freeBehind(f.text, stop) || f.covered(first, p) {
			continue
		}
		f.keepChecked(p, stop)
	}
}

// keepChecked keeps the key around a separator if its checksum fits. Its labels go back as far as they can.
func (f *search) keepChecked(p, stop int) {
	from := p
	for from > 0 && p-from < 80 && (classes[f.text[from-1]]&word != 0 || f.text[from-1] == '-') {
		from--
	}
	for from < p && classes[f.text[from]]&alnum == 0 {
		from++
	}
	key := string(f.text[from:stop])
	for _, c := range keywright.Inspect(keywright.NewSecret(key)) {
		if c.Certainty == keywright.ByChecksum && c.Issuer == "" && !c.Format.Publishable {
			f.keep(from, stop, findingOfCandidate(&c, key))
			return
		}
	}
}

// only reports whether letters and digits alone stand between two places.
func (f *search) only(from, to int) bool {
	if from < 0 {
		return false
	}
	for _, c := range f.text[from:to] {
		if classes[c]&alnum == 0 {
			return false
		}
	}
	return true
}

func (f *search) covered(first, at int) bool {
	for _, s := range f.spans[first:] {
		if s.from <= at && at < s.to {
			return true
		}
	}
	return false
}

func (f *search) keep(from, to int, found Finding) {
	found.Encoding = Plain
	f.spans = append(f.spans, span{from, to, found})
}
