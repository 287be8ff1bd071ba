// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// testKeyVector takes a key through every entrance: normalize, parse, check, hash, re-encode, inspect.
func testKeyVector(t *testing.T, raw json.RawMessage) {
	var v keyVector
	decode(t, raw, &v)
	f, err := v.Format.Normalize()
	if err != nil || f != v.Format {
		t.Logf("format is not the normalized one: %v", err)
		f = v.Format // samples of other issuers may have less entropy than ours
	}
	text := v.text(t)
	key, err := f.Parse(NewSecret(text))
	if v.Error != "" {
		checkRejected(t, &f, &v, text, err)
	} else if err != nil {
		t.Fatal(err)
	} else {
		checkAccepted(t, &v, text, key)
	}
	checkInspected(t, &v, text)
}

func checkRejected(t *testing.T, f *Format, v *keyVector, text string, err error) {
	t.Helper()
	e, ok := errors.AsType[*ParseError](err)
	if !ok || !errors.Is(err, ErrMalformed) {
		t.Fatalf("%q: got %v, want a *ParseError", text, err)
	}
	if v.Error != "any" && e.Segment != v.Error {
		t.Errorf("%q: the error is %q, want one of the segment %s", text, err, v.Error)
	}
	why := f.Diagnose(NewSecret(text))
	if why == "" || !strings.Contains(why, v.Detail) {
		t.Errorf("Diagnose says %q, want %q", why, v.Detail)
	}
	if len(text) > 16 && (strings.Contains(err.Error(), text) || strings.Contains(why, text)) {
		t.Error("the error repeats the key")
	}
}

func checkAccepted(t *testing.T, v *keyVector, text string, key Key) {
	t.Helper()
	want := text
	if v.Canonical != "" {
		want = v.Canonical
	}
	for _, c := range []struct{ what, got, want string }{
		{"key", key.Reveal(), want},
		{"prefix", key.Prefix(), v.Prefix},
		{"environment", key.Environment(), v.Environment},
		{"public id", key.PublicID(), v.PublicID},
		{"secret", key.Secret().Reveal(), v.Secret},
		{"checksum", key.Checksum().String(), v.Checksum},
		{"hash", key.Hash().String(), v.Hash},
		{"re-encoded key", reencode(key), want},
	} {
		if c.got != c.want {
			t.Errorf("%s of %s is %q, want %q", c.what, text, c.got, c.want)
		}
	}
	if m := key.Masked(); !strings.HasSuffix(m, "***") || strings.Contains(m, v.Secret) {
		t.Errorf("masked: %s", m)
	}
	why := v.Format.Diagnose(NewSecret(text))
	if (why != "") != (v.Checksum == "wrong") {
		t.Errorf("Diagnose says %q", why)
	}
}

// reencode writes a key from its segments.
func reencode(k Key) string {
	f := k.Format()
	var b strings.Builder
	for _, label := range []string{k.Prefix(), k.Environment(), k.PublicID()} {
		if label != "" {
			b.WriteString(label + f.Separator)
		}
	}
	b.WriteString(k.Secret().Reveal())
	text := k.Reveal()
	switch f.Checksum {
	case CRC32:
		b.WriteString(k.checksum.of(text))
	case Crockford4:
		b.WriteString(f.Separator + k.checksum.of(text))
	}
	return b.String()
}

func checkInspected(t *testing.T, v *keyVector, text string) {
	t.Helper()
	found := Inspect(NewSecret(text))
	for i, want := range v.Inspect {
		if i >= len(found) || found[i].Preset != want {
			t.Fatalf("Inspect(%s) finds %+v, want %s at %d", text, found, want, i)
		}
		c := found[i]
		if c.Preset == v.Format.Preset && v.Error == "" && (c.Prefix != v.Prefix || c.Environment != v.Environment ||
			c.PublicID != v.PublicID || c.Checksum.String() != v.Checksum || c.StorageHash.String() != v.Hash) {
			t.Errorf("Inspect(%s) finds %+v", text, c)
		}
	}
	as := v.InspectAs
	switch {
	case as.Preset != "":
		if _, err := InspectAs(NewSecret(text), as.Preset); err == nil || !strings.Contains(err.Error(), as.Error) {
			t.Errorf("InspectAs(%s) says %v", as.Preset, err)
		}
	case v.Error == "" && v.Format.Preset != "":
		c, err := InspectAs(NewSecret(text), v.Format.Preset)
		if err != nil || c.StorageHash.String() != v.Hash || c.Checksum.String() != v.Checksum {
			t.Errorf("InspectAs(%s, %s): %+v, %v", text, v.Format.Preset, c, err)
		}
	}
}
