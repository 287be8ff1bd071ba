// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"cmp"
	"errors"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// perSecond is how many femtoseconds a second has.
const perSecond = 1_000_000_000_000_000

// A Span is a time since 1970, or between two times: whole seconds, and femtoseconds from 0 to 1e15-1. Both parts are whole
// numbers that a float64 holds exactly, which is all the numbers that Lua has.
type Span struct{ Seconds, Femtos int64 }

func (s Span) add(o Span) Span {
	s.Seconds, s.Femtos = s.Seconds+o.Seconds, s.Femtos+o.Femtos
	if s.Femtos >= perSecond {
		s.Seconds, s.Femtos = s.Seconds+1, s.Femtos-perSecond
	}
	return s
}

func (s Span) sub(o Span) Span {
	s.Seconds, s.Femtos = s.Seconds-o.Seconds, s.Femtos-o.Femtos
	if s.Femtos < 0 {
		s.Seconds, s.Femtos = s.Seconds-1, s.Femtos+perSecond
	}
	return s
}

func (s Span) compare(o Span) int {
	return cmp.Or(cmp.Compare(s.Seconds, o.Seconds), cmp.Compare(s.Femtos, o.Femtos))
}

// times returns n spans, for an s of at least 0.
func (s Span) times(n int64) Span {
	hi, lo := bits.Mul64(uint64(s.Femtos), uint64(n))
	seconds, femtos := bits.Div64(hi, lo, perSecond)
	return Span{s.Seconds*n + int64(seconds), int64(femtos)}
}

// float is s in seconds, nearly.
func (s Span) float() float64 { return float64(s.Seconds) + float64(s.Femtos)/perSecond }

// into returns how many of unit are in s, for an s of at least 0 and a result of at most 1e10.
func (s Span) into(unit Span) int64 {
	n := int64(math.Floor(s.float() / unit.float()))
	for n > 0 && unit.times(n).compare(s) > 0 {
		n--
	}
	for unit.times(n+1).compare(s) <= 0 {
		n++
	}
	return n
}

// divide returns s/n, rounded up, for an s of at least 0 and n from 1 to 1e9.
func (s Span) divide(n int64) Span {
	rest := uint64(s.Seconds % n)
	hi, lo := bits.Mul64(rest, perSecond)
	lo, carry := bits.Add64(lo, uint64(s.Femtos), 0)
	femtos, left := bits.Div64(hi+carry, lo, uint64(n))
	if left > 0 {
		femtos++
	}
	return Span{s.Seconds / n, 0}.add(Span{int64(femtos / perSecond), int64(femtos % perSecond)})
}

// spanOf is a duration of at least 0.
func spanOf(d time.Duration) Span {
	return Span{int64(d / time.Second), int64(d%time.Second) * 1_000_000}
}

// duration is s in nanoseconds, rounded up; a time before now is 0.
func (s Span) duration() time.Duration {
	if s.Seconds < 0 {
		return 0
	}
	return time.Duration(s.Seconds)*time.Second + time.Duration((s.Femtos+999_999)/1_000_000)
}

// Text is s as a decimal number of seconds, exactly.
func (s Span) Text() string {
	text := strconv.FormatInt(s.Seconds, 10)
	if s.Femtos == 0 {
		return text
	}
	digits := strconv.FormatInt(perSecond+s.Femtos, 10)
	return text + "." + strings.TrimRight(digits[1:], "0")
}

var errSpan = errors.New("the limiter told a time that cannot be read")

// ParseSpan reads a decimal number of seconds of at least 0, with at most 15 decimals that count.
func ParseSpan(text string) (Span, error) {
	whole, part, _ := strings.Cut(text, ".")
	part = strings.TrimRight(part, "0")
	seconds, err := strconv.ParseUint(whole, 10, 53)
	if err != nil || len(part) > 15 {
		return Span{}, errSpan
	}
	femtos, err := strconv.ParseUint(part+strings.Repeat("0", 15-len(part)), 10, 63)
	if err != nil {
		return Span{}, errSpan
	}
	return Span{int64(seconds), int64(femtos)}, nil
}
