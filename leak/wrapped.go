// SPDX-License-Identifier: Apache-2.0

package leak

import (
	"bytes"

	"github.com/keywright/keywright"
)

// maxWrapped is the longest stretch of base64 that is undone for one key: twice the longest key, for UTF-16.
const maxWrapped = (2*keywright.MaxKeyBytes + 16) * 4 / 3

var sixBits = func() (v [256]int8) {
	for i := range v {
		v[i] = -1
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		v[c] = int8(i)
	}
	v['-'], v['_'] = 62, 63
	return v
}()

// unwrap undoes the base64 around a place where the beginning of a key stands in it, and looks there.
func (f *search) unwrap(r *rule, at int) {
	group := at - r.lead
	if f.depth >= maxDepth || group < 0 {
		return
	}
	from := group
	for from >= 4 && group-from < 8 && isBase64(f.text[from-4:from]) {
		from -= 4
	}
	start := (group-from)/4*3 + r.skip // where the key begins
	plain, places := decodeBase64(f.text[from:], maxWrapped)
	if start+1 >= len(plain) {
		return
	}
	inner, step := search{s: f.s, text: plain, depth: maxDepth}, 1
	if plain[start+1] == 0 {
		inner.text, step = nil, 2
		for i := start % 2; i+1 < len(plain) && (plain[i+1] == 0 || i < start); i += 2 {
			inner.text = append(inner.text, plain[i])
		}
	}
	at = start / step
	pair := uint16(inner.text[at])<<8 | uint16(inner.text[min(at+1, len(inner.text)-1)])
	if inner.tryRules(f.s.rules[pair], at) == 0 {
		return
	}
	s := inner.spans[0]
	if step == 2 {
		s.finding.Encoding = UTF16LE
	}
	f.keepWithin(from+places[start], from+places[start+(s.to-s.from-1)*step]+1, s.finding, Base64)
}

func isBase64(group []byte) bool {
	for _, c := range group {
		if sixBits[c] < 0 {
			return false
		}
	}
	return true
}

// leastPacked is the row of base64 from which on all of it is undone: a line of PEM has 64.
const leastPacked = 60

// packed looks for keys in a stretch of base64 and in the lines that go on with it: for those that nothing but their
// checksum tells, and those that are broken between lines. It returns where the stretch ends.
func (f *search) packed(from, end int) int {
	if end-from < leastPacked {
		return from
	}
	text := hidesText(f.text[from:end])
	for next := end; next < len(f.text); { // the lines that follow
		start := skipBreak(f.text, next)
		if start == next {
			break
		}
		for next = start; next < len(f.text) && sixBits[f.text[next]] >= 0; {
			next++
		}
		text, end = text || hidesText(f.text[start:next]), next
	}
	if !text {
		return end
	}
	for at := from; at < end; at += packedStep {
		for shift := range min(4, end-at) {
			plain, places := decodeBase64(f.text[at+shift:end], packedStep+maxWrapped)
			inner := search{s: f.s, text: plain, depth: maxDepth}
			inner.rows()
			for _, s := range inner.spans {
				f.keepWithin(at+shift+places[s.from], at+shift+places[s.to-1]+1, s.finding, Base64)
			}
		}
	}
	return end
}

// hidesText reports whether a row could be base64 of ASCII: of three bytes none has its highest bit, nine times in a row.
// Without that no key is in it, and most rows need not be undone.
func hidesText(row []byte) bool {
	for shift := range 4 {
		good := 0
		for i := shift; i+3 <= len(row); i += 4 {
			if good++; sixBits[row[i]]&32|sixBits[row[i+1]]&8|sixBits[row[i+2]]&2 != 0 {
				good = 0
			} else if good == 9 {
				return true
			}
		}
	}
	return false
}

// packedStep is how much base64 is undone at once.
const packedStep = 48 << 10

// skipBreak returns where the text goes on after the end of a line and the indent of the next, or at itself.
func skipBreak(text []byte, at int) int {
	next := at
	if next < len(text) && text[next] == '\r' {
		next++
	}
	if next >= len(text) || text[next] != '\n' {
		return at
	}
	for next++; next < len(text) && next-at < 32 && (text[next] == ' ' || text[next] == '\t'); next++ {
	}
	if next >= len(text) || sixBits[text[next]] < 0 {
		return at
	}
	return next
}

// decodeBase64 undoes base64 of either alphabet, over the ends of lines: of so many characters at most. It says where
// each byte stood.
func decodeBase64(text []byte, most int) (plain []byte, places []int) {
	plain, places = make([]byte, 0, min(most, len(text))*3/4), make([]int, 0, min(most, len(text))*3/4)
	bits, n := uint32(0), 0
	for i := 0; i < len(text) && most > 0; i++ {
		v := sixBits[text[i]]
		if v < 0 {
			next := skipBreak(text, i)
			if next == i {
				break
			}
			i, v = next, sixBits[text[next]]
		}
		most--
		bits, n = bits<<6|uint32(v), n+6
		if n >= 8 {
			n -= 8
			plain, places = append(plain, byte(bits>>n)), append(places, i)
		}
	}
	return plain, places
}

// keepWithin keeps a key that was found in what an encoding hides.
func (f *search) keepWithin(from, to int, found Finding, encoding string) {
	if found.Encoding != Plain {
		encoding = found.Encoding + " in " + encoding
	}
	found.Encoding = encoding
	f.spans = append(f.spans, span{from, to, found})
}

// wide looks for keys in UTF-16: rows in which every other byte is zero.
func (f *search) wide() {
	text := f.text
	zero := bytes.IndexByte(text, 0)
	if zero < 0 {
		return
	}
	// alternates reports whether one of the bytes at k and k+1 is zero and the other of a row.
	alternates := func(k int) bool {
		a, b := text[k], text[k+1]
		return a == 0 && classes[b]&inRow != 0 || b == 0 && classes[a]&inRow != 0
	}
	least := 2*f.s.least - 1
	for low, p := max(0, zero-2), max(0, zero-2)+least-1; p+1 < len(text); {
		k := p + 1
		for k > low && alternates(k-1) {
			k--
		}
		if k > low {
			low, p = k, k-1+least
			continue
		}
		from, to := stretchOfWide(text, low)
		f.narrow(from, to)
		low = max(to-1, p+1)
		p = low + least
	}
}

// stretchOfWide finds how far ASCII in UTF-16 goes around a place, both of the orders of bytes being possible there: it
// takes the one in which characters begin at even places, as they do in files of UTF-16, where that fits.
func stretchOfWide(text []byte, at int) (from, to int) {
	ascii := func(k, zero int) bool {
		c := text[k+1-zero]
		return text[k+zero] == 0 && c != 0 && c < 0x80
	}
	zero := 1
	switch {
	case text[at] == 0 && at%2 == 0, text[at] == 0 && (at == 0 || !ascii(at-1, 1)) && !ascii(at+1, 1):
		zero = 0
	case text[at] == 0:
		at++
	case at%2 == 1 && text[at-1] == 0:
		at, zero = at-1, 0
	}
	for from = at; from >= 2 && ascii(from-2, zero); {
		from -= 2
	}
	for to = at; to+2 <= len(text) && ascii(to, zero); {
		to += 2
	}
	return from, to
}

// narrow looks for keys in a stretch of UTF-16.
func (f *search) narrow(from, to int) {
	if to-from < 2*f.s.least {
		return
	}
	encoding, low := UTF16LE, 0
	if f.text[from] == 0 {
		encoding, low = UTF16BE, 1
	}
	plain := make([]byte, 0, (to-from)/2)
	for i := from + low; i < to; i += 2 {
		plain = append(plain, f.text[i])
	}
	for _, s := range f.s.find(plain, f.depth+1) {
		f.keepWithin(from+2*s.from, from+2*s.to, s.finding, encoding)
	}
}

// escaped looks for keys of which characters are written as %XX.
func (f *search) escaped() {
	text := f.text
	for at, done := 0, 0; at < len(text); {
		i := bytes.IndexByte(text[at:], '%')
		if i < 0 {
			return
		}
		if at += i; !hidesKey(text[at:]) {
			at++
			continue
		}
		from, to := at, at
		for from > done && classes[text[from-1]]&inURL != 0 {
			from--
		}
		for to < len(text) && classes[text[to]]&inURL != 0 {
			to++
		}
		if to-from >= f.s.least {
			f.unescape(from, to)
		}
		at, done = to, to
	}
}

// hidesKey reports whether a text begins with a character of keys, written as %XX.
func hidesKey(text []byte) bool {
	if len(text) < 3 || !isHex(text[1]) || !isHex(text[2]) {
		return false
	}
	return classes[hexByte(text[1], text[2])] != 0
}

func hexByte(a, b byte) byte {
	digit := func(c byte) byte {
		switch {
		case c <= '9':
			return c - '0'
		case c <= 'F':
			return c - 'A' + 10
		}
		return c - 'a' + 10
	}
	return digit(a)<<4 | digit(b)
}

// unescape looks for keys in a stretch with %XX in it.
func (f *search) unescape(from, to int) {
	plain := make([]byte, 0, to-from)
	places := make([]int32, 0, to-from+1)
	for i := from; i < to; i++ {
		places = append(places, int32(i))
		c := f.text[i]
		if c == '%' && i+2 < to && isHex(f.text[i+1]) && isHex(f.text[i+2]) {
			c = hexByte(f.text[i+1], f.text[i+2])
			i += 2
		}
		plain = append(plain, c)
	}
	places = append(places, int32(to))
	for _, s := range f.s.find(plain, f.depth+1) {
		if a, b := int(places[s.from]), int(places[s.to]); b-a > s.to-s.from { // else it stands there as it is
			f.keepWithin(a, b, s.finding, URL)
		}
	}
}
