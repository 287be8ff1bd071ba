// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// stored returns a time as it is kept: in UTC, to the millisecond.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// secrets reads the secrets of a line into a record, whose environment becomes that of a key.
func (w *importing) secrets(q *ImportRequest, place int, r *Record) error {
	for i := range q.Secrets {
		in := &q.Secrets[i]
		at := func(field string) string {
			if len(q.Secrets) == 1 {
				return field
			}
			return fmt.Sprintf("secrets[%d].%s", i, field)
		}
		out := StoredSecret{
			PublicID: in.PublicID, Created: r.Created, Expires: wholeSeconds(in.Expires), Registered: true, Grace: in.Grace, Idle: in.Idle,
		}
		if !in.Created.IsZero() {
			out.Created = stored(in.Created)
		}
		if i > 0 && out.Expires.After(w.now) { // it verifies until then
			out.Grace = true
		}
		if err := in.checkGrace(i, at); err != nil {
			return err
		}
		var err error
		if in.Key.IsZero() {
			err = w.hashed(in, place, &out, at)
		} else {
			err = w.plain(in, place, &out, r, at)
		}
		if err != nil {
			return err
		}
		if slices.ContainsFunc(r.Secrets, func(o StoredSecret) bool { return o.Hash == out.Hash }) {
			return invalid(at("hash"), "stands twice", "give each secret once")
		}
		r.Secrets = append(r.Secrets, out)
	}
	return nil
}

func (in *ImportSecret) checkGrace(i int, at func(string) string) error {
	switch {
	case in.Grace && (i == 0 || in.Expires.IsZero()):
		return invalid(at("grace"), "is of the current secret, or has no end", "give expires_at, and the current secret first")
	case in.Idle != 0 && !in.Grace || in.Idle < 0 || in.Idle > 0 && in.Idle < shortestIdle:
		return invalid(at("idle"), "stands without a grace, or is shorter than a minute", "use a duration such as 24h")
	case i > 0 && in.Expires.IsZero():
		return invalid(at("expires_at"), "is missing", "all secrets but the current one have an end")
	}
	return nil
}

// plain hashes a key that is there itself, as one that was issued here.
func (w *importing) plain(in *ImportSecret, place int, out *StoredSecret, r *Record, at func(string) string) error {
	if in.Hash != "" || in.Algorithm != "" || in.Encoding != "" || in.Pepper != "" || in.Covers != nil {
		return invalid(at("key"), "stands beside a hash", "give the key or its hash, not both")
	}
	f := &w.space.Formats[place]
	k, err := f.Parse(in.Key)
	if err != nil || k.Checksum() == keywright.ChecksumWrong {
		return invalid(at("key"), "is not written as the format "+f.Name+" says: "+f.Diagnose(in.Key),
			"add a format that fits to the keyspace and name it in format; the preset opaque takes any text of 16 characters and more")
	}
	if in.PublicID != "" && in.PublicID != k.PublicID() {
		return invalid(at("public_id"), "is not that of the key", "leave it out: the key has it")
	}
	if k.Environment() != "" && r.Environment != "" && k.Environment() != r.Environment {
		return invalid(at("key"), "is of another environment than the others", "keys of one record share their environment")
	}
	r.Environment = k.Environment()
	out.PublicID, out.Registered = k.PublicID(), false
	_, err = w.authority.storeHash(w.space, k, out)
	return err
}

// checkKeys sees to it that keys are of the environment of their record, and that bcrypt reads them to their ends.
func (w *importing) checkKeys(q *ImportRequest, place int, environment string) error {
	f := &w.space.Formats[place]
	for i := range q.Secrets {
		in := &q.Secrets[i]
		if !in.Key.IsZero() && f.Environment != "" {
			if k, err := f.Parse(in.Key); err == nil && k.Environment() != environment {
				return invalid("environment", "is not that of the key", "leave it out: the key has it")
			}
		}
		if strings.HasPrefix(in.Hash, "$2") && f.Secret.Encoding != keywright.Opaque {
			made, err := w.space.makers[place].make(environment)
			if err != nil {
				return err
			}
			if n := len(slowText(made)); n > maxBcryptBytes {
				return invalid("hash", fmt.Sprintf("is bcrypt, which reads 72 bytes, and what it covers has %d", n),
					"such a hash says nothing about the end of a key: issue these keys anew")
			}
		}
	}
	return nil
}

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
