// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

var (
	errDuration = errors.New("not a duration: use text such as 90s, 24h or 30d")
	errTime     = errors.New("not a time: use RFC 3339, such as 2030-01-31T12:00:00Z")
)

// A Duration is written as "24h", and read as that or with days in front: "30d", "1d12h".
type Duration time.Duration

// ParseDuration reads a duration.
func ParseDuration(s string) (Duration, error) {
	var d time.Duration
	if days, rest, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 32)
		if err != nil || n > math.MaxInt64/uint64(day) || days[0] == '+' {
			return 0, errDuration
		}
		d, s = time.Duration(n)*day, rest
		if s == "" {
			return Duration(d), nil
		}
		if s[0] == '-' || s[0] == '+' {
			return 0, errDuration
		}
	}
	clock, err := time.ParseDuration(s)
	if err != nil || clock > 0 && d > math.MaxInt64-clock {
		return 0, errDuration
	}
	return Duration(d + clock), nil
}

// Duration returns d as the standard library has it.
func (d Duration) Duration() time.Duration { return time.Duration(d) }

// String writes the duration without the units that are zero at its end.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText writes what String writes.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDuration reads.
func (d *Duration) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDuration(string(b))
	return err
}

// A Time is a time in a change, where empty text clears it.
type Time struct{ time.Time }

// MarshalText writes RFC 3339, and nothing for the zero time.
func (t Time) MarshalText() ([]byte, error) {
	if t.IsZero() {
		return []byte{}, nil
	}
	return t.Time.MarshalText()
}

// MarshalJSON writes what MarshalText writes: the one of time.Time, which is promoted, knows no empty time.
func (t Time) MarshalJSON() ([]byte, error) {
	b, err := t.MarshalText()
	return []byte(`"` + string(b) + `"`), err
}

// UnmarshalText reads RFC 3339, and nothing as the zero time.
func (t *Time) UnmarshalText(b []byte) error {
	*t = Time{}
	if len(b) == 0 {
		return nil
	}
	if t.Time.UnmarshalText(b) != nil {
		return errTime
	}
	return nil
}

// UnmarshalJSON reads what UnmarshalText reads, as a JSON string.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*t = Time{}
		return nil
	}
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return errTime
	}
	return t.UnmarshalText(b[1 : len(b)-1])
}
