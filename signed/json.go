// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendPython appends s as Python's json.dumps writes it: ASCII alone, \uXXXX in lower case, surrogate pairs beyond
// the first plane.
func appendPython(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= ' ' && r <= '~':
			b = append(b, byte(r))
		case r < ' ' && shortEscapes[r] != 0:
			b = append(b, '\\', shortEscapes[r])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = appendUnit(appendUnit(b, high), low)
		default:
			b = appendUnit(b, r)
		}
	}
	return append(b, '"')
}

var shortEscapes = [' ']byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

func appendUnit(b []byte, u rune) []byte {
	return append(b, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}

// A reader reads the little of JSON that a payload needs, strictly (RFC 8259).
type reader struct {
	text string
	at   int
}

func (r *reader) space() {
	for r.at < len(r.text) {
		if c := r.text[r.at]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return
		}
		r.at++
	}
}

// take moves over c, and reports whether it was there.
func (r *reader) take(c byte) bool {
	r.space()
	if r.at == len(r.text) || r.text[r.at] != c {
		return false
	}
	r.at++
	return true
}

// strings reads a list of strings.
func (r *reader) strings() ([]string, error) {
	if !r.take('[') {
		return nil, errList
	}
	list := make([]string, 0, 4)
	for more := !r.take(']'); more; {
		s, err := r.string()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
		if more = r.take(','); !more && !r.take(']') {
			return nil, errList
		}
	}
	return list, nil
}

// string reads a string. One without escapes is a part of the text: no copy.
func (r *reader) string() (string, error) {
	if !r.take('"') {
		return "", errString
	}
	rest := r.text[r.at:]
	for i := range len(rest) {
		switch c := rest[i]; {
		case c == '"':
			r.at += i + 1
			return rest[:i], nil
		case c == '\\':
			r.at += i
			return r.escaped([]byte(rest[:i]))
		case c < ' ':
			return "", errControl
		}
	}
	return "", errString
}

// escaped reads the rest of a string from its first escape on.
func (r *reader) escaped(b []byte) (string, error) {
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '"':
			return string(b), nil
		case c < ' ':
			return "", errControl
		case c != '\\':
			b = append(b, c)
		default:
			char, err := r.escape()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, char)
		}
	}
	return "", errString
}

// escape reads what follows a backslash.
func (r *reader) escape() (rune, error) {
	if r.at == len(r.text) {
		return 0, errEscape
	}
	c := r.text[r.at]
	r.at++
	if c == 'u' {
		return r.unicode()
	}
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	return 0, errEscape
}

// unicode reads the digits of \uXXXX, and the second half of a pair.
func (r *reader) unicode() (rune, error) {
	high, ok := r.unit()
	if !ok {
		return 0, errEscape
	}
	if !utf16.IsSurrogate(high) {
		return high, nil
	}
	if !strings.HasPrefix(r.text[r.at:], `\u`) {
		return 0, errSurrogate
	}
	r.at += 2
	low, ok := r.unit()
	char := utf16.DecodeRune(high, low)
	if !ok || char == utf8.RuneError {
		return 0, errSurrogate
	}
	return char, nil
}

// unit reads four hex digits.
func (r *reader) unit() (rune, bool) {
	if len(r.text)-r.at < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(r.text[r.at:r.at+4], 16, 16)
	if err != nil {
		return 0, false
	}
	r.at += 4
	return rune(n), true
}
