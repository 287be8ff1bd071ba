// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/keywright/keywright"
)

// The patterns are written in what RE2, Rust's regex, Hyperscan, PCRE and Python read alike: classes, counts, groups,
// alternatives, \b and \B over ASCII. No look-around.

// lead stands before a key. A word boundary is not enough: in X_acme_live_… there is none, for _ belongs to words. The
// last alternative is an escaped line break or tab in the text of a program or of JSON. What it takes is one character,
// and the end of a key takes none, so keys that one character divides are all found.
const lead = `(?:\b|_|\\[nrt])`

// classes are the alphabets as regular expressions.
var classes = map[keywright.Encoding]string{
	keywright.Base62: `[0-9A-Za-z]`, keywright.Base58: `[1-9A-HJ-NP-Za-km-z]`, keywright.Base55: `[2-9A-HJ-NP-Za-hjkmnp-z]`,
	keywright.Base64URL: `[0-9A-Za-z_-]`, keywright.Base64: `[0-9A-Za-z+/]`, keywright.Hex: `[0-9a-f]`,
	keywright.Crockford: `[0-9A-HJKMNP-TV-Z]`,
}

// setPattern writes the segments; sample is a key of the format, for the lengths.
func (r *Rule) setPattern(f *keywright.Format, environments []string, sample keywright.Key) {
	separator := regexp.QuoteMeta(f.Separator)
	r.Prefixes = []string{""}
	if f.Prefix != "" {
		r.labels = f.Prefix + separator
		r.Prefixes[0] = f.Prefix + f.Separator
	}
	if len(environments) > 0 {
		r.labels += oneOf(environments) + separator
		start := r.Prefixes[0]
		r.Prefixes = nil
		for _, label := range environments {
			r.Prefixes = append(r.Prefixes, start+label+f.Separator)
		}
	}
	if !f.ID.None() {
		r.id = classes[f.ID.Encoding] + lengths(f.ID, len(sample.PublicID())) + separator
	}
	r.setSecret(f.Secret, sample.Secret().Reveal())
	switch f.Checksum {
	case keywright.CRC32:
		r.sum = `[0-9A-Za-z]{6}`
	case keywright.Crockford4:
		r.sum = separator + classes[keywright.Crockford] + `{4}`
	}
}

// setSecret writes the secret, and once more with the end of a key at its end: no letter or digit may follow. A last
// character that belongs to no word has no word boundary behind it.
func (r *Rule) setSecret(p keywright.Part, sample string) {
	class := classes[p.Encoding]
	body := strings.TrimRight(sample, "=")
	padding := sample[len(body):]
	r.secret = class + lengths(p, len(body)) + padding
	switch {
	case padding != "":
		r.secretEnd = r.secret + `\B`
	case p.Encoding == keywright.Base64URL:
		r.secretEnd = fmt.Sprintf(`%s{%d}(?:[0-9A-Za-z_]\b|-\B)`, class, len(body)-1)
	case p.Encoding == keywright.Base64:
		r.secretEnd = fmt.Sprintf(`%s{%d}(?:[0-9A-Za-z]\b|[+/]\B)`, class, len(body)-1)
	default:
		r.secretEnd = r.secret + `\b`
	}
}

// oneOf writes alternatives.
func oneOf(labels []string) string {
	if len(labels) == 1 {
		return labels[0]
	}
	return "(?:" + strings.Join(labels, "|") + ")"
}

// lengths is how many characters a segment has. Bytes in base58 are a number, which may be short: each zero byte in
// front is one character.
func lengths(p keywright.Part, n int) string {
	if p.Encoding == keywright.Base58 && p.Bytes > 0 {
		return fmt.Sprintf("{%d,%d}", p.Bytes, int(math.Ceil(float64(8*p.Bytes)/math.Log2(58))))
	}
	return fmt.Sprintf("{%d}", n)
}

// variable reports whether keys have different lengths.
func variable(f *keywright.Format) bool {
	return f.Secret.Encoding == keywright.Base58 && f.Secret.Bytes > 0
}

// Pattern is a key, with nothing about what stands around it.
func (r *Rule) Pattern() string { return r.labels + r.id + r.secret + r.sum }

// Bounded is a key within other text, as its one group.
func (r *Rule) Bounded() string { return lead + "(" + r.labels + r.id + r.ended("") + ")" }

// Named is a key within other text as the group TOKEN, with the groups body, which the checksum is of, and checksum.
func (r *Rule) Named() string {
	switch r.Checksum {
	case keywright.CRC32:
		return lead + "(?P<TOKEN>" + r.labels + "(?P<body>" + r.id + r.secret + ")" + r.ended("checksum") + ")"
	case keywright.Crockford4:
		return lead + "(?P<TOKEN>(?P<body>" + r.labels + r.id + r.secret + ")" + r.ended("checksum") + ")"
	}
	return lead + "(?P<TOKEN>" + r.labels + r.id + r.secretEnd + ")"
}

// ended is the end of a key: secret and checksum, or the checksum alone in a group of this name.
func (r *Rule) ended(group string) string {
	switch {
	case r.sum == "":
		return r.secretEnd
	case group == "":
		return r.secret + r.sum + `\b`
	}
	class := strings.LastIndexByte(r.sum, '[') // what stands before is the separator
	return r.sum[:class] + "(?P<" + group + ">" + r.sum[class:] + `)\b`
}
