// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"fmt"
	"hash/crc32"
)

// A Checksum is the segment that catches typing mistakes. It proves nothing: anyone can compute it.
type Checksum uint8

const (
	NoChecksum Checksum = iota
	// CRC32 is six characters of base62, as GitHub writes them: CRC-32 (IEEE) of everything after the labels, that is
	// public id, separator and secret, zero padded.
	CRC32
	// Crockford4 is a separator and four characters of Crockford's base32: the first 20 bits of SHA-256 of everything
	// before that separator.
	Crockford4
)

var checksumNames = [...]string{NoChecksum: "none", CRC32: "crc32", Crockford4: "crockford4"}

// String returns the name.
func (c Checksum) String() string {
	if int(c) >= len(checksumNames) {
		return "unknown"
	}
	return checksumNames[c]
}

// MarshalText writes the name.
func (c Checksum) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the name.
func (c *Checksum) UnmarshalText(b []byte) error {
	for i, name := range checksumNames {
		if name == string(b) {
			*c = Checksum(i)
			return nil
		}
	}
	return fmt.Errorf("unknown checksum: use none, crc32 or crockford4")
}

// size is the length of the checksum, its separator included.
func (c Checksum) size() int {
	switch c {
	case CRC32:
		return 6
	case Crockford4:
		return 5
	}
	return 0
}

// A ChecksumResult is one of three: most formats have no checksum, and that is not a wrong one.
type ChecksumResult uint8

const (
	ChecksumNone ChecksumResult = iota
	ChecksumOK
	ChecksumWrong
)

// String returns "none", "ok" or "wrong".
func (r ChecksumResult) String() string { return [...]string{"none", "ok", "wrong"}[r] }

// MarshalText writes the name.
func (r ChecksumResult) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// appendCRC32 appends the checksum of body.
func appendCRC32(dst, body []byte) []byte { return appendNumber62(dst, crc32.ChecksumIEEE(body)) }

// appendNumber62 appends n as six characters of base62: 62^6 is more than 2^32.
func appendNumber62(dst []byte, n uint32) []byte {
	var digits [6]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = alphabet62[n%62]
		n /= 62
	}
	return append(dst, digits[:]...)
}

// appendCrockford4 appends the first 20 bits of sum as four Crockford characters.
func appendCrockford4(dst []byte, sum Hash) []byte {
	return append(dst,
		alphabetCrockford[sum[0]>>3],
		alphabetCrockford[(sum[0]&7)<<2|sum[1]>>6],
		alphabetCrockford[sum[1]>>1&31],
		alphabetCrockford[(sum[1]&1)<<4|sum[2]>>4])
}
