// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxPath is the longest path that is read, in bytes.
const maxPath = 8 << 10

// allowsPath compares whole segments: /v1/users allows /v1/users and /v1/users/7, not /v1/users2. A segment * stands
// for any one. A path on which a proxy and a service could disagree is not allowed.
func allowsPath(allowed []string, path string) bool {
	path, ok := readPath(path)
	return ok && slices.ContainsFunc(allowed, func(pattern string) bool { return withinPath(pattern, path) })
}

// readPath returns the path of a request, which is still escaped, without its query and its escapes; or false where it
// can be read in more than one way.
func readPath(path string) (string, bool) {
	path, _, _ = strings.Cut(path, "?")
	if len(path) > maxPath || !plainPath(path) {
		return "", false
	}
	path = unescaped(path)
	return path, utf8.ValidString(path) // an overlong / is one to some
}

// plainPath reports whether a path can be read in one way only: no empty or dot segments, no backslash, space or control
// character, and no escape of a separator, dot, percent sign, wildcard or control character. So escapes can be taken away
// once, and nothing that a segment holds becomes structure.
func plainPath(path string) bool {
	if path == "" || path[0] != '/' || strings.Contains(path, "//") || strings.ContainsAny(path, "\\;#") {
		return false
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	for i := range len(path) {
		if path[i] <= ' ' || path[i] == 0x7f {
			return false
		}
		if path[i] == '%' && !plainEscape(path[i+1:]) {
			return false
		}
	}
	return true
}

// plainEscape reports whether what follows a percent sign is the escape of a character that stands for itself.
func plainEscape(rest string) bool {
	if len(rest) < 2 || rest[0] < '2' || !hexDigit(rest[0]) || !hexDigit(rest[1]) {
		return false
	}
	switch strings.ToLower(rest[:2]) {
	case "2f", "5c", "2e", "25", "3b", "23", "3f", "2a", "7f":
		return false
	}
	return true
}

func hexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// unescaped takes away the escapes of a plain path.
func unescaped(path string) string {
	text, err := url.PathUnescape(path) // the same string where there are none
	if err != nil {
		return path
	}
	return text
}

// withinPath reports whether a path without escapes is that of a pattern, or lies below it.
func withinPath(pattern, path string) bool {
	pattern = unescaped(strings.TrimSuffix(pattern, "/"))
	for pattern != "" {
		p, pRest, _ := strings.Cut(pattern[1:], "/")
		if path == "" {
			return false
		}
		s, sRest, more := strings.Cut(path[1:], "/")
		if p != "*" && p != s || s == "" {
			return false
		}
		if pattern, path = "", ""; pRest != "" {
			pattern = "/" + pRest
		}
		if more {
			path = "/" + sRest
		}
	}
	return true
}
