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
