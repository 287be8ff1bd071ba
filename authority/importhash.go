// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"fmt"
	"strings"

	"github.com/keywright/keywright"
)

// hashed reads a hash that was made elsewhere.
func (w *importing) hashed(in *ImportSecret, place int, out *StoredSecret, at func(string) string) error {
	f := &w.space.Formats[place]
	if in.Covers != nil && *in.Covers != f.Hash {
		return wrongCover(f, *in.Covers, at)
	}
	algorithm := in.Algorithm
	if algorithm == "" {
		algorithm = algorithmOf(in.Hash)
	}
	if in.Pepper != "" && algorithm != "hmac-sha256" {
		return invalid(at("pepper"), "stands beside another algorithm than hmac-sha256", "leave it out, or name the algorithm")
	}
	switch algorithm {
	case "sha256":
	case "hmac-sha256":
		if w.authority.peppers.find(in.Pepper) == nil {
			return invalid(at("pepper"), "is not the name of a pepper", "import the pepper first: keywright peppers import NAME")
		}
		out.Pepper = in.Pepper
	case "bcrypt", "argon2id", "argon2i":
		return w.slowHashed(in, f, algorithm, out, at)
	default:
		return invalid(at("algorithm"), "is not known", "use sha256, hmac-sha256, bcrypt or argon2id")
	}
	hash, err := decodeHash(in.Hash, in.Encoding)
	if err != nil {
		return invalid(at("hash"), "cannot be read: "+err.Error(), "if it is a key and not a hash, give it as key")
	}
	if hash.IsZero() {
		return invalid(at("hash"), "is all zeros", "give the hash of the key")
	}
	out.Hash = hash
	return atField(at, checkRegistered(f, IssueRequest{Hash: hash, PublicID: in.PublicID}))
}

// decodeHash reads a SHA-256 digest.
func decodeHash(text, encoding string) (keywright.Hash, error) {
	var e keywright.Encoding
	switch encoding {
	case "":
		return keywright.ParseHash(text)
	case "hex":
		e = keywright.Hex
	case "base64":
		e = keywright.Base64
	case "base64url":
		e = keywright.Base64URL
	case "base58":
		e = keywright.Base58
	default:
		return keywright.Hash{}, errEncoding
	}
	return keywright.ParseHashAs(e, text)
}

var errEncoding = fmt.Errorf("the encoding is not known: use hex, base64, base64url or base58")

// algorithmOf tells by its looks how a hash was made.
func algorithmOf(hash string) string {
	switch {
	case strings.HasPrefix(hash, "$2"):
		return "bcrypt"
	case strings.HasPrefix(hash, "$argon2i$"):
		return "argon2i"
	case strings.HasPrefix(hash, "$argon2"):
		return "argon2id"
	}
	return "sha256"
}

// slowHashed takes a hash that is judged when its key comes.
func (w *importing) slowHashed(in *ImportSecret, f *keywright.Format, algorithm string, out *StoredSecret, at func(string) string) error {
	switch {
	case f.ID.None():
		return invalid(at("public_id"), "is not possible", "a "+algorithm+" hash is found by a public id, and keys of the format "+f.Name+" have none: issue these keys anew")
	case f.Hash == keywright.CoverBytes:
		return invalid(at("algorithm"), "is not possible for this format", "its hash covers bytes; use sha256")
	case in.Encoding != "":
		return invalid(at("hash_encoding"), "is not possible for "+algorithm, "leave it out: such a hash has its own notation")
	case algorithmOf(in.Hash) != algorithm:
		return invalid(at("hash"), "is not "+algorithm+" in its own notation", "it begins with $2b$ for bcrypt and with $argon2id$ for argon2id")
	}
	if _, err := parseSlow(in.Hash); err != nil {
		return invalid(at("hash"), err.Error(), "use bcrypt up to a cost of 14, or argon2 up to m=262144, t=10, p=16")
	}
	out.Slow, out.Hash = in.Hash, SlowHash(w.space.Name, in.PublicID)
	return atField(at, checkRegistered(f, IssueRequest{Hash: out.Hash, PublicID: in.PublicID}))
}

// wrongCover says which format would do.
func wrongCover(f *keywright.Format, covers keywright.Cover, at func(string) string) error {
	hint := "name a format whose hash covers the whole key, or add one: keywright keyspaces update --format-name whole --preset opaque"
	switch covers {
	case keywright.CoverSecret:
		hint = "name a format whose hash covers the secret, or add one: the preset seam for prefix_id_secret, unambiguous for prefix_secret"
	case keywright.CoverBytes:
		hint = "name a format whose hash covers the bytes of the secret, or add one: the preset seam-v4"
	}
	return invalid(at("covers"), "is "+covers.String()+", and the hash of the format "+f.Name+" covers "+f.Hash.String(), hint)
}

// atField names the place of a field in an error.
func atField(at func(string) string, err error) error {
	if own, ok := err.(*Error); ok {
		own.Field = at(own.Field)
	}
	return err
}
