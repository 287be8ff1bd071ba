// SPDX-License-Identifier: Apache-2.0

package keywright

import "strings"

// Spot reads the key of f that text begins with, whatever follows it, and returns its length in bytes, or 0 where text
// begins with none. It demands the sizes that f has, also where f is lenient. What stands right behind the key is for
// the caller to judge, and so is a wrong checksum.
func (f *Format) Spot(text string) (Key, int) {
	if f.Secret.Encoding == Opaque || f.Secret.None() {
		return Key{}, 0
	}
	end := 0
	if f.Prefix != "" {
		end = len(f.Prefix) + 1
		if len(text) <= end || text[:end-1] != f.Prefix || text[end-1] != f.Separator[0] {
			return Key{}, 0
		}
	}
	if f.Environment != "" {
		label := strings.IndexByte(text[end:min(len(text), end+maxLabel+1)], f.Separator[0])
		if label < 1 {
			return Key{}, 0
		}
		end += label + 1
	}
	if f.Hash == CoverBytes {
		return f.spotNumbers(text, end)
	}
	if end += f.bodySize(); end > len(text) {
		return Key{}, 0
	}
	return f.spotted(text[:end])
}

// spotNumbers reads a key whose parts are numbers in base58: they can be shorter than the longest.
func (f *Format) spotNumbers(text string, from int) (Key, int) {
	id := strings.IndexByte(text[from:min(len(text), from+f.ID.size()+1)], f.Separator[0])
	if id < 1 {
		return Key{}, 0
	}
	end := from + id + 1
	for end < len(text) && members[text[end]]&(1<<Base58) != 0 {
		end++
	}
	return f.spotted(text[:end])
}

func (f *Format) spotted(text string) (Key, int) {
	k, err := f.Parse(NewSecret(text))
	if err != nil || f.Lenient && (len(k.PublicID()) != f.ID.size() || !f.ID.fits(k.PublicID()) || !f.Secret.fits(k.secret.of(text))) {
		return Key{}, 0
	}
	return k, len(text)
}

// IssuerPrefixes lists the texts that keys of other issuers begin with, where such a prefix is reason enough to take a
// text for a key: SpotIssued reads those keys.
func IssuerPrefixes() []string {
	var prefixes []string
	seen := map[string]bool{}
	for i := range issuers {
		for _, k := range issuers[i].kinds {
			if k.telling() && !seen[k.prefix] {
				seen[k.prefix] = true
				prefixes = append(prefixes, k.prefix)
			}
		}
	}
	return prefixes
}

// telling reports whether a prefix is reason enough to call a text a key.
func (k *kind) telling() bool { return k.shared == 0 || k.shared == ByPrefix }

// SpotIssued reads the key of another issuer that text begins with: the longest that ends where no letter, digit or _
// follows. It returns the key's length in bytes, or 0 where text begins with none.
func SpotIssued(text string) (Candidate, int) {
	if text == "" {
		return Candidate{}, 0
	}
	for _, o := range origins[text[0]] {
		if !o.telling() || !strings.HasPrefix(text, o.prefix) {
			continue
		}
		room := text[:min(len(text), MaxKeyBytes)]
		n, ok := extent(o.shape, room, len(o.prefix))
		if !ok {
			continue
		}
		in := inspection{key: NewSecret(room[:n]), text: room[:n]}
		entropy, _ := o.bits(in.text)
		in.addIssued(o, entropy)
		return in.found[0], n
	}
	return Candidate{}, 0
}

// extent finds where the pieces of a key end that begin at a place, each as long as it can be.
func extent(shape []piece, text string, at int) (end int, ok bool) {
	if len(shape) == 0 {
		return at, at == len(text) || text[at] != '_' && members[text[at]]&1 == 0
	}
	p := shape[0]
	if p.text != "" {
		if !strings.HasPrefix(text[at:], p.text) {
			return 0, false
		}
		return extent(shape[1:], text, at+len(p.text))
	}
	n := 0
	for n < p.max && at+n < len(text) && members[text[at+n]]&(1<<p.of) != 0 {
		n++
	}
	for ; n >= p.min; n-- {
		if end, ok = extent(shape[1:], text, at+n); ok {
			return end, true
		}
	}
	return 0, false
}
