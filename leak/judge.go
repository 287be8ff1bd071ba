// SPDX-License-Identifier: Apache-2.0

package leak

import (
	"math"
	"strings"

	"github.com/keywright/keywright"
)

// freeBehind reports whether a key may end at a place: no letter, digit or _ follows.
func freeBehind(text []byte, at int) bool {
	return at >= len(text) || classes[text[at]]&word == 0
}

// freeBefore reports whether a key may begin at a place: no letter or digit stands before it, or one that ends an
// escape, as in \n, %3D and \u003d. A _ may, as in X_acme_live_….
func freeBefore(text []byte, at int) bool {
	if at == 0 || classes[text[at-1]]&alnum == 0 {
		return true
	}
	before := text[max(0, at-6):at]
	n := len(before)
	switch {
	case n >= 2 && before[n-2] == '\\':
		return strings.IndexByte("nrtbfv0", before[n-1]) >= 0
	case n >= 3 && before[n-3] == '%':
		return isHex(before[n-2]) && isHex(before[n-1])
	case n == 6 && before[0] == '\\' && before[1] == 'u':
		return isHex(before[2]) && isHex(before[3]) && isHex(before[4]) && isHex(before[5])
	}
	return false
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// random reports whether a text could have been sampled: placeholders such as xxxxxxxx and 12341234 are not. A random
// text of an alphabet stays far above the bound.
func random(text string, e keywright.Encoding) bool {
	alphabet := 58.0
	switch e {
	case keywright.Hex:
		alphabet = 16
	case keywright.Crockford:
		alphabet = 32
	}
	var counts [256]int
	for i := range len(text) {
		counts[text[i]]++
	}
	entropy, n := 0.0, float64(len(text))
	for _, c := range counts {
		if c > 0 {
			entropy -= float64(c) / n * math.Log2(float64(c)/n)
		}
	}
	return entropy >= 0.65*math.Log2(math.Min(n, alphabet))
}

// named reports whether the labels of a key are those by which its preset is known.
func named(key string) bool {
	for _, c := range keywright.Inspect(keywright.NewSecret(key)) {
		return (c.Certainty == keywright.ByPrefix || c.Certainty == keywright.ByChecksum) && !c.Damaged() && !publishable(&c)
	}
	return false
}

// publishable reports whether a key may be seen by anyone.
func publishable(c *keywright.Candidate) bool {
	return c.Format.Publishable || c.Issuer == "Stripe" && strings.HasPrefix(c.Prefix, "pk")
}

func findingOf(k *keywright.Key, f *format) Finding {
	return Finding{
		Key: k.Full(), Preset: f.Preset, Format: f.Name, Keyspaces: f.keyspaces, Prefix: k.Prefix(), Environment: k.Environment(),
		PublicID: k.PublicID(), Checksum: k.Checksum(), Masked: k.Masked(),
	}
}

func findingOfIssuer(c *keywright.Candidate, key string) Finding {
	found := findingOfCandidate(c, key)
	found.Issuer, found.Kind, found.Revoke = c.Issuer, c.Kind, c.Revoke
	return found
}

func findingOfCandidate(c *keywright.Candidate, key string) Finding {
	return Finding{
		Key: keywright.NewSecret(key), Preset: c.Preset, Prefix: c.Prefix, Environment: c.Environment, PublicID: c.PublicID,
		Checksum: c.Checksum, Masked: c.Masked,
	}
}
