// SPDX-License-Identifier: Apache-2.0

package column

import (
	"net/netip"
	"testing"
	"time"
)

func TestMillis(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	for _, c := range []struct {
		name string
		t    time.Time
		want int64
		back time.Time
	}{
		{"none", time.Time{}, 0, time.Time{}},
		{"the first millisecond of 1970 is not none", time.Unix(0, 0), 1, time.UnixMilli(1).UTC()},
		{"a part of it neither", time.Unix(0, 999_999), 1, time.UnixMilli(1).UTC()},
		{"before 1970", time.UnixMilli(-1), -1, time.UnixMilli(-1).UTC()},
		{"in UTC, cut", time.Date(2026, 11, 22, 1, 0, 0, 1_999_999, berlin), 1795305600001, time.Date(2026, 11, 22, 0, 0, 0, 1_000_000, time.UTC)},
	} {
		got := Millis(c.t)
		if got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		if back := FromMillis(got); back != c.back {
			t.Errorf("%s: read as %v, want %v", c.name, back, c.back)
		}
	}
}

func TestNanos(t *testing.T) {
	if n := Nanos(time.Time{}); n != 0 || !FromNanos(n).IsZero() {
		t.Errorf("no time is written as %d and read as %v", n, FromNanos(n))
	}
	full := time.Date(2026, 11, 22, 1, 2, 3, 4, time.UTC)
	if got := FromNanos(Nanos(full.In(time.FixedZone("CET", 3600)))); got != full {
		t.Errorf("%v is read as %v", full, got)
	}
}

func TestClamp(t *testing.T) {
	for n, want := range map[uint64]int64{0: 0, 1: 1, 1<<63 - 1: 1<<63 - 1, 1 << 63: 1<<63 - 1, 1<<64 - 1: 1<<63 - 1} {
		if got := Clamp(n); got != want {
			t.Errorf("%d is %d, want %d", n, got, want)
		}
	}
}

func TestBytesAreNeverNil(t *testing.T) {
	if b := Bytes(nil); b == nil || len(b) != 0 {
		t.Errorf("nil is %v", b)
	}
	if b := Bytes([]byte("a")); string(b) != "a" {
		t.Errorf("a is %q", b)
	}
}

func TestAddr(t *testing.T) {
	for text, a := range map[string]netip.Addr{
		"":            {},
		"192.0.2.1":   netip.MustParseAddr("192.0.2.1"),
		"2001:db8::1": netip.MustParseAddr("2001:db8:0::1"),
	} {
		if got := Addr(a); got != text {
			t.Errorf("%v is written as %q, want %q", a, got, text)
		}
		if got, err := ParseAddr(text); err != nil || got != a {
			t.Errorf("%q is read as %v: %v", text, got, err)
		}
	}
	if _, err := ParseAddr("a name"); err == nil {
		t.Error("what is no address is read")
	}
}
