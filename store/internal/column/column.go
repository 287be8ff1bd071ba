// SPDX-License-Identifier: Apache-2.0

// Package column writes the values of the contract of a store as the texts and numbers that a database keeps in its
// columns, and reads them back. It knows no database: the stores have their own statements and the types of their own
// drivers, and agree in what is written.
package column

import (
	"net/netip"
	"time"
)

// Millis writes a time as milliseconds since 1970; 0 is none. The first millisecond of 1970 becomes the second, so that
// what ended then does not become what never ends.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if ms := t.UnixMilli(); ms != 0 {
		return ms
	}
	return 1
}

// FromMillis reads what Millis wrote, in UTC.
func FromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Nanos writes a time as nanoseconds since 1970; 0 is none. It is for the years from 1678 to 2262.
func Nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// FromNanos reads what Nanos wrote, in UTC.
func FromNanos(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// Clamp turns a sequence or a version into what a database can compare: it holds none that is higher.
func Clamp(n uint64) int64 { return int64(min(n, 1<<63-1)) }

// Bytes are never NULL.
func Bytes(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// FromBytes reads what Bytes wrote: nothing is nil, whatever the driver makes of it, so that all stores give the same.
func FromBytes(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// Addr writes a network address; empty: it is not known.
func Addr(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// ParseAddr reads what Addr wrote.
func ParseAddr(text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	return netip.ParseAddr(text)
}
