// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"cmp"
	"slices"
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
	Kind        string         `json:"kind"`   // what its issuer calls it
	Opens       string         `json:"opens"`  // as far as the prefix says
	Revoke      string         `json:"revoke"` // where its issuer ends it
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

// Inspect guesses what kind of key s is, best first: one candidate for each preset that can be read from it, or the kind
// of another issuer whose prefix it has. It looks for words and lengths and lets the format decide. The preset opaque
// fits any text, so it is never guessed.
//
// It is for people who wonder. To verify a key, use the formats of its keyspace.
func Inspect(s Secret) []Candidate {
	in := inspection{key: s, text: s.Reveal()}
	if len(in.text) < MinSecretBits/8 || len(in.text) > MaxKeyBytes || in.issued("") {
		return in.found
	}
	var room [6]front
	in.fronts, in.bare = readFronts(room[:0], in.text), in.couldBeSecret()
	if in.keywright(); len(in.found) > 0 && in.found[len(in.found)-1].Certainty == ByChecksum || in.seamV4() {
		return in.found
	}
	in.fixed("")
	if in.seam() {
		return in.found
	}
	public, shown := in.publicID()
	sure := ByShape
	switch {
	case !shown:
	case !public.ID.None() || public.Checksum != NoChecksum:
		in.add(&public, ByShape)
	case len(in.found) == 0 && public.Secret.Encoding != Base64URL:
		if public.Prefix == "" && public.Environment == "" {
			sure = ByGuess
		}
		in.add(&public, sure)
	}
	named := len(in.found) > 0
	in.plain("unambiguous")
	if !named {
		in.plain("alphanumeric")
		if shown && (standardSize(public.Secret.Bytes) || public.Environment != "") {
			in.add(&public, ByGuess)
		}
		in.seamPort()
	}
	slices.SortStableFunc(in.found, func(a, b Candidate) int { return cmp.Compare(a.Certainty, b.Certainty) })
	return in.found
}

// InspectAs reads s as a key of a preset, whatever its labels and sizes, or of another issuer. The error says why it is not one; it wraps
// ErrMalformed, unless the preset is not known. A wrong checksum is no error: look at the candidate's.
func InspectAs(s Secret, preset string) (Candidate, error) {
	in := inspection{key: s, text: s.Reveal(), all: true}
	if slices.Contains(Issuers(), preset) {
		return in.issuedAs(preset)
	}
	f, err := Preset(preset)
	if err != nil {
		return Candidate{}, err
	}
	if in.text != "" && len(in.text) <= MaxKeyBytes {
		in.fronts, in.bare = readFronts(nil, in.text), in.couldBeSecret()
	}
	switch preset {
	case "keywright":
		in.keywright()
	case "public-id":
		if public, ok := in.publicID(); ok {
			in.add(&public, ByShape)
		}
	case "seam":
		in.seam()
		in.seamPort()
	case "seam-v4":
		in.seamV4()
	case "unambiguous", "alphanumeric":
		in.plain(preset)
	default:
		in.fixed(preset)
	}
	if len(in.found) > 0 || in.tried == nil && in.add(in.likely(&f), ByGuess) {
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
	near   *kind   // the first kind of an issuer whose prefix the text has, and no more of it
}

// couldBeSecret reports whether the whole text could be a secret of base64url.
func (in *inspection) couldBeSecret() bool {
	n := bytesIn(Base64URL, len(in.text))
	return standardSize(n) && Base64URL.holds(in.text, n)
}

// addAs keeps what a preset reads with the labels of a front.
func (in *inspection) addAs(at *front, preset string, sure Certainty) bool {
	f := at.format(preset)
	return in.add(&f, sure)
}

// blame remembers what the text was held against in vain, for the error.
func (in *inspection) blame(f *Format) {
	if in.all && in.tried == nil {
		tried := *f
		in.tried = &tried
	}
}

// add keeps what f reads, and returns whether it could.
func (in *inspection) add(f *Format, sure Certainty) bool {
	k, err := f.Parse(in.key)
	if err != nil {
		in.blame(f)
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
func (in *inspection) likely(f *Format) *Format {
	if len(in.fronts) < 2 || f.Secret.Encoding == Opaque {
		return f
	}
	at := &in.fronts[1]
	if len(in.fronts) > 2 && f.Environment != "" && in.fronts[2].environment != "" {
		at = &in.fronts[2]
	}
	if preset := fixedPreset(f.Prefix); preset != "" && fixedPreset(at.prefix) != preset {
		return f
	}
	seems := at.format(f.Preset)
	return &seems
}
