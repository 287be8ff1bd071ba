// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"cmp"
	"slices"
	"strings"
)

// A Certainty says what speaks for a candidate; the surest comes first.
type Certainty uint8

const (
	ByChecksum Certainty = iota + 1 // its checksum verifies
	ByPrefix                        // its prefix names this kind of key
	ByShape                         // labels, separators and lengths fit
	ByGuess                         // nothing contradicts it
)

// String returns "checksum", "prefix", "shape" or "guess".
func (c Certainty) String() string {
	names := [...]string{"none", "checksum", "prefix", "shape", "guess"}
	return names[min(int(c), len(names)-1)]
}

// MarshalText writes the name.
func (c Certainty) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// A Candidate is one way to read a key whose format nothing tells. It holds no character of the secret that it found.
type Candidate struct {
	Preset      string         `json:"preset"`
	Issuer      string         `json:"issuer"` // who issues such keys; empty for formats of our own
	Certainty   Certainty      `json:"certainty"`
	Prefix      string         `json:"prefix"`
	Environment string         `json:"environment"`
	PublicID    string         `json:"public_id"`
	Checksum    ChecksumResult `json:"checksum"`
	EntropyBits float64        `json:"entropy_bits"`
	Strength    string         `json:"strength"`
	StorageHash Hash           `json:"storage_hash"`
	Masked      string         `json:"secret_masked"` // labels, public id, and stars for the rest
	Format      Format         `json:"format"`        // reads the key again
}

// Inspect guesses what kind of key s is, best first: one candidate for each preset that can be read from it. It looks
// for words and lengths and lets the format decide. The preset opaque fits any text, so it is never guessed.
//
// It is for people who wonder. To verify a key, use the formats of its keyspace.
func Inspect(s Secret) []Candidate {
	in := newInspection(s)
	if len(in.fronts) == 0 || len(in.text) < MinSecretBits/8 {
		return nil
	}
	in.fixed("")
	in.keywright()
	in.seam()
	public := in.publicID()
	sure := ByShape
	switch {
	case public == nil:
	case !public.ID.None() || public.Checksum != NoChecksum:
		in.add(public, ByShape)
	case len(in.found) == 0 && public.Secret.Encoding != Base64URL:
		if public.Prefix == "" && public.Environment == "" {
			sure = ByGuess
		}
		in.add(public, sure)
	}
	named := len(in.found) > 0
	in.plain("unambiguous")
	if !named {
		in.plain("alphanumeric")
		if public != nil && (standardSize(public.Secret.Bytes) || public.Environment != "") {
			in.add(public, ByGuess)
		}
		in.seamPort()
	}
	slices.SortStableFunc(in.found, func(a, b Candidate) int { return cmp.Compare(a.Certainty, b.Certainty) })
	return in.found
}

// InspectAs reads s as a key of a preset, whatever its labels and sizes. The error says why it is not one; it wraps
// ErrMalformed, unless the preset is not known. A wrong checksum is no error: look at the candidate's.
func InspectAs(s Secret, preset string) (Candidate, error) {
	f, err := Preset(preset)
	if err != nil {
		return Candidate{}, err
	}
	in := newInspection(s)
	in.all = true
	switch preset {
	case "keywright":
		in.keywright()
	case "public-id":
		if public := in.publicID(); public != nil {
			in.add(public, ByShape)
		}
	case "seam":
		in.seam()
		in.seamPort()
	case "unambiguous", "alphanumeric":
		in.plain(preset)
	default:
		in.fixed(preset)
	}
	if len(in.found) > 0 || in.tried == nil && in.add(in.likely(f), ByGuess) {
		return in.found[0], nil
	}
	return Candidate{}, &ParseError{"key", "is not of preset " + preset + ": " + in.tried.Diagnose(s)}
}

// An inspection is the state of one.
type inspection struct {
	key    Secret
	text   string
	fronts []front
	all    bool // take all readings of one preset, rather than the plausible ones
	bare   bool // the whole could be a secret: then labels must be plain words
	found  []Candidate
	tried  *Format // the first format that the text was held against in vain
}

func newInspection(s Secret) *inspection {
	in := &inspection{key: s, text: s.Reveal()}
	if in.text != "" && len(in.text) <= MaxKeyBytes {
		in.fronts = readFronts(in.text)
		n := bytesIn(Base64URL, len(in.text))
		in.bare = standardSize(n) && Base64URL.holds(in.text, n)
	}
	return in
}

// add keeps what f reads, and returns whether it could.
func (in *inspection) add(f *Format, sure Certainty) bool {
	k, err := f.Parse(in.key)
	if err != nil {
		if in.tried == nil {
			in.tried = f
		}
		return false
	}
	if k.result == ChecksumOK {
		sure = ByChecksum
	}
	bits := f.Entropy()
	strength := Strength(bits)
	switch {
	case f.Lenient:
		bits = entropyOfPort(k.secret.of(in.text))
		strength = Strength(bits)
	case f.Secret.Encoding == Opaque:
		strength = "unknown"
	}
	in.found = append(in.found, Candidate{
		Preset: f.Preset, Certainty: sure, Prefix: k.Prefix(), Environment: k.Environment(), PublicID: k.PublicID(),
		Checksum: k.result, EntropyBits: bits, Strength: strength, StorageHash: k.Hash(), Masked: k.Masked(), Format: *f,
	})
	return true
}

// entropyOfPort takes a secret of a length that its format does not have for sampled from the smallest alphabet that
// holds it.
func entropyOfPort(secret string) float64 {
	p := Part{Encoding: Base62, Chars: len(secret)}
	if Base58.only(secret) {
		p.Encoding = Base58
	}
	return p.Bits()
}

// likely returns f with the labels that the text seems to have, so that the error names what else is wrong.
func (in *inspection) likely(f Format) *Format {
	if len(in.fronts) < 2 || f.Secret.Encoding == Opaque {
		return &f
	}
	at := in.fronts[1]
	if len(in.fronts) > 2 && f.Environment != "" && in.fronts[2].environment != "" {
		at = in.fronts[2]
	}
	if preset := fixedPreset(f.Prefix); preset != "" && fixedPreset(at.prefix) != preset {
		return &f
	}
	return at.format(f.Preset)
}

// keywright finds the default sizes, and other sizes where the checksum proves them.
func (in *inspection) keywright() {
	const id, secret = 12, 43
	for _, at := range in.fronts[min(1, len(in.fronts)):] {
		body := in.text[at.cut:]
		usual := len(body) == id+1+secret+6 && body[id] == at.separator[0]
		if !usual && !hasCRC32(body) {
			continue
		}
		f := at.format(DefaultPreset)
		if !usual {
			f.ID, f.Secret = Part{}, Part{Encoding: Base62, Chars: len(body) - 6}
			if i := strings.IndexByte(body, at.separator[0]); i > 0 {
				f.ID, f.Secret.Chars = Part{Encoding: Base62, Chars: i}, len(body)-i-1-6
			}
			if checkSecret(*f) != nil || checkShape(*f) != nil {
				continue
			}
		}
		if in.add(f, ByShape) {
			return
		}
	}
}

// hasCRC32 reports whether body, after the labels, ends in its own checksum.
func hasCRC32(body string) bool {
	n := len(body) - 6
	if n < 22 || !Base62.only(body[n:]) {
		return false
	}
	var sum [6]byte
	return string(appendCRC32(sum[:0], []byte(body[:n]))) == body[n:]
}

// seam finds keys as the original issues them.
func (in *inspection) seam() {
	const id, secret = 8, 24
	for _, at := range in.fronts {
		body := in.text[at.cut:]
		if at.cut > 0 && len(body) == id+1+secret && body[id] == at.separator[0] && Base58.only(body[:id]) && Base58.only(body[id+1:]) {
			in.add(at.format("seam"), ByShape)
			return
		}
	}
}

// seamPort finds what ports of it made: other lengths, base62.
func (in *inspection) seamPort() {
	if len(in.found) > 0 && in.all {
		return
	}
	for _, at := range in.fronts {
		id, secret, ok := strings.Cut(in.text[at.cut:], at.separator)
		if at.cut == 0 || !ok || !alphanumeric(id) || !alphanumeric(secret) {
			continue
		}
		plausible := !in.bare && at.wordy(false) && 8 <= len(id) && len(id) <= 11 && 16 <= len(secret) && len(secret) <= 44 && !usualEnvironment(id)
		if in.all || plausible {
			in.add(at.format("seam"), ByGuess)
			return
		}
	}
}

// plain finds labels and one alphanumeric secret after them.
func (in *inspection) plain(preset string) {
	for i, at := range in.fronts {
		secret := in.text[at.cut:]
		if strings.ContainsAny(secret, separators) && i < len(in.fronts)-1 || at.cut == 0 && preset == "unambiguous" {
			continue
		}
		if !in.all && (!alphanumeric(secret) || otherAlphabet(secret) || at.cut > 0 && !at.wordy(in.bare)) {
			continue
		}
		f := at.format(preset)
		f.Secret.Chars = len(secret)
		if checkSecret(*f) != nil {
			continue
		}
		sure := ByShape
		if at.cut == 0 {
			sure = ByGuess
		}
		in.add(f, sure)
		return
	}
}

// fixedPreset returns the preset that a word at the front names.
func fixedPreset(word string) string {
	switch word {
	case "sk", "api":
		return "secret-key"
	case "pk", "pub":
		return "publishable-key"
	case "rk":
		return "restricted-key"
	case "whsec":
		return "webhook-secret"
	case "svc", "int":
		return "service-token"
	case "pat":
		return "personal-token"
	}
	return ""
}

// fixed finds a prefix that names a kind of key, perhaps a usual environment, and one secret.
func (in *inspection) fixed(want string) {
	for _, at := range in.fronts {
		preset, secret := fixedPreset(at.prefix), in.text[at.cut:]
		next, _, more := strings.Cut(secret, at.separator)
		if preset == "" || want != "" && want != preset || more && at.environment == "" && usualEnvironment(next) {
			continue
		}
		f := at.format(preset)
		f.Prefix = at.prefix
		f.setEnvironment(at.environment)
		switch n := len(secret); {
		case f.Secret.Encoding == Base64:
			f.Secret.Bytes = n*3/4 - strings.Count(secret, "=")
			if f.Secret.Bytes < 24 {
				continue
			}
		case n%2 == 0 && 32 <= n && Hex.only(secret):
			f.Secret = Part{Encoding: Hex, Bytes: n / 2}
		default:
			f.Secret.Chars = n
		}
		if checkSecret(*f) == nil {
			in.add(f, ByPrefix)
		}
		return
	}
}
