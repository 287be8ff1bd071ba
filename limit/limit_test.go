// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

func number(s Span) *big.Int {
	n := new(big.Int).Mul(big.NewInt(s.Seconds), big.NewInt(perSecond))
	return n.Add(n, big.NewInt(s.Femtos))
}

// TestSpans computes with spans and with numbers of any size.
func TestSpans(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func() Span { return Span{r.Int64N(1 << uint(1+r.IntN(33))), r.Int64N(perSecond)} }
	for range 20_000 {
		a, b, n := random(), random(), 1+r.Int64N(1e9)
		if number(a.add(b)).Cmp(new(big.Int).Add(number(a), number(b))) != 0 || number(a.sub(b)).Cmp(new(big.Int).Sub(number(a), number(b))) != 0 {
			t.Fatalf("%v and %v do not add up", a, b)
		}
		if a.compare(b) != number(a).Cmp(number(b)) {
			t.Fatalf("%v is compared with %v wrongly", a, b)
		}
		small := Span{a.Seconds % 1e6, a.Femtos}
		if number(small.times(n)).Cmp(new(big.Int).Mul(number(small), big.NewInt(n))) != 0 {
			t.Fatalf("%v times %d is %v", small, n, small.times(n))
		}
		up := new(big.Int).Add(number(a), big.NewInt(n-1))
		if number(a.divide(n)).Cmp(up.Div(up, big.NewInt(n))) != 0 {
			t.Fatalf("%v by %d is %v", a, n, a.divide(n))
		}
		part := a.divide(n)
		if got, want := a.into(part), new(big.Int).Div(number(a), number(part)); number(part).Sign() > 0 && want.Cmp(big.NewInt(got)) != 0 {
			t.Fatalf("%v has %d of %v, want %v", a, got, part, want)
		}
		if back, err := ParseSpan(a.Text()); err != nil || back != a {
			t.Fatalf("%v is written as %s and read as %v, %v", a, a.Text(), back, err)
		}
	}
}

// TestLongFractionsStayWhole takes what has no whole number of nanoseconds, and what has hardly one.
func TestLongFractionsStayWhole(t *testing.T) {
	for _, c := range []struct {
		q    authority.LimitMeter
		left int64
	}{
		{authority.LimitMeter{Limit: 7, Window: time.Minute, Cost: 3}, 4},
		{authority.LimitMeter{Limit: 999_999_999, Window: time.Second, Cost: 999_999_998}, 1},
		{authority.LimitMeter{Limit: 1e9, Window: 366 * 24 * time.Hour, Burst: 1e9, Cost: 1}, 1e9 - 1},
		{authority.LimitMeter{Limit: 1, Window: 366 * 24 * time.Hour, Burst: 1e9, Cost: 1}, 99},
	} {
		m := Of(&c.q)
		if s := m.Standing(Span{}, true); !s.OK || s.Remaining != c.left {
			t.Errorf("%+v: %+v, want %d left", c.q, s, c.left)
		}
		if s := m.Standing(m.Room, false); s.OK || s.Remaining != 0 || s.RetryAfter <= 0 {
			t.Errorf("%+v of an empty meter: %+v", c.q, s)
		}
	}
	m := Of(&authority.LimitMeter{Limit: 5, Window: time.Second, Cost: 6})
	if s := m.Standing(Span{}, false); s.OK || s.RetryAfter >= 0 {
		t.Errorf("more than the burst: %+v", s)
	}
}

func TestSpansThatCannotBeRead(t *testing.T) {
	for _, text := range []string{"", "-1", "x", "1.0000000000000001", "99999999999999999999", "1.x", "1e5"} {
		if s, err := ParseSpan(text); err == nil {
			t.Errorf("%q is read as %v", text, s)
		}
	}
}
