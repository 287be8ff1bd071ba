// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"errors"
	"io"
	"math/bits"
	"strings"
	"time"
)

// A KeyID is the id of a record, stable through rotations: what URLs, events and feeds name. It is a UUIDv7 (RFC
// 9562), so ids sort by the time they were made; written, it is key_ and 22 characters of base62, which sort alike.
type KeyID [16]byte

const keyIDPrefix = "key_"

var errKeyID = errors.New("not a key id: expected key_ and 22 letters or digits")

// NewKeyID returns an id made at t, with 74 bits from random.
func NewKeyID(t time.Time, random io.Reader) (KeyID, error) {
	var id KeyID
	if _, err := io.ReadFull(random, id[6:]); err != nil {
		return KeyID{}, err
	}
	ms := uint64(t.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id, nil
}

// ParseKeyID reads what String writes.
func ParseKeyID(s string) (KeyID, error) {
	digits, ok := strings.CutPrefix(s, keyIDPrefix)
	if !ok || len(digits) != 22 || !Base62.only(digits) {
		return KeyID{}, errKeyID
	}
	var hi, lo uint64
	for i := range len(digits) {
		d := uint64(strings.IndexByte(alphabet62, digits[i]))
		over, hiPart := bits.Mul64(hi, 62)
		carry, loPart := bits.Mul64(lo, 62)
		var c uint64
		lo, c = bits.Add64(loPart, d, 0)
		hi, c = bits.Add64(hiPart, carry, c)
		if over != 0 || c != 0 {
			return KeyID{}, errKeyID
		}
	}
	var id KeyID
	for i := range 8 {
		id[i], id[8+i] = byte(hi>>(56-8*i)), byte(lo>>(56-8*i))
	}
	if id.IsZero() {
		return KeyID{}, errKeyID
	}
	return id, nil
}

// String writes the id; the zero id is empty.
func (id KeyID) String() string {
	if id.IsZero() {
		return ""
	}
	var hi, lo uint64
	for i := range 8 {
		hi, lo = hi<<8|uint64(id[i]), lo<<8|uint64(id[8+i])
	}
	var text [len(keyIDPrefix) + 22]byte
	copy(text[:], keyIDPrefix)
	const ten = 62 * 62 * 62 * 62 * 62 * 62 * 62 * 62 * 62 * 62 // ten digits at a time: one long division for each ten
	for end := len(text); end > len(keyIDPrefix); end -= 10 {
		var digits uint64
		hi, digits = hi/ten, hi%ten
		lo, digits = bits.Div64(digits, lo, ten)
		for i := end - 1; i >= max(end-10, len(keyIDPrefix)); i-- {
			text[i] = alphabet62[digits%62]
			digits /= 62
		}
	}
	return string(text[:])
}

// IsZero reports whether id names nothing.
func (id KeyID) IsZero() bool { return id == KeyID{} }

// MarshalText writes what String writes.
func (id KeyID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what ParseKeyID reads; empty text is the zero id.
func (id *KeyID) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*id = KeyID{}
		return nil
	}
	*id, err = ParseKeyID(string(b))
	return err
}
