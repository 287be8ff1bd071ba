// SPDX-License-Identifier: Apache-2.0

package leak

import "bytes"

// wide looks for keys in UTF-16: rows in which every other byte is zero.
func (f *search) wide() {
	text := f.text
	zero := bytes.IndexByte(text, 0)
	if zero < 0 {
		return
	}
	// alternates reports whether one of the bytes at k and k+1 is zero and the other of a key, or of one that is URL encoded.
	alternates := func(k int) bool {
		a, b := text[k], text[k+1]
		return a == 0 && classes[b]&inURL != 0 || b == 0 && classes[a]&inURL != 0
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
