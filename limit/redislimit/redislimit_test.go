// SPDX-License-Identifier: Apache-2.0

package redislimit

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/redistest"
	"github.com/keywright/keywright/limit/limittest"
)

func limiter(t testing.TB, s *redistest.Server) *Limiter {
	t.Helper()
	l, err := Open(s.URL(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestRedis(t *testing.T) {
	s := redistest.Start(t)
	limittest.Run(t, func(t *testing.T) func() authority.Limiter {
		return func() authority.Limiter { return limiter(t, s) }
	})
}

func command(t *testing.T, s *redistest.Server, words, want string) {
	t.Helper()
	if got, err := s.Do(words); err != nil || got != want {
		t.Fatalf("%s: %q, %v", words, got, err)
	}
}

var requests = authority.LimitMeter{ID: [24]byte{7}, Limit: 3, Window: time.Hour, Cost: 1}

func taken(t *testing.T, l *Limiter, m authority.LimitMeter) authority.LimitAnswer {
	t.Helper()
	a, err := l.Take(context.Background(), []authority.LimitAsk{{Meters: []authority.LimitMeter{m}}, {Act: authority.LookLimits, Meters: []authority.LimitMeter{m}}})
	if err != nil {
		t.Fatal(err)
	}
	return a[0]
}

// TestScriptIsLostAndLoadedAgain takes in one list, of which none may be taken twice.
func TestScriptIsLostAndLoadedAgain(t *testing.T) {
	s := redistest.Start(t)
	l := limiter(t, s)
	for left := range int64(3) {
		if a := taken(t, l, requests); !a.OK || a.Meters[0].Remaining != 2-left {
			t.Fatalf("%d: %+v", left, a)
		}
		command(t, s, "SCRIPT FLUSH", "+OK")
	}
}

// TestServerIsAwayAndComesBack loses the connections, and then what the server held.
func TestServerIsAwayAndComesBack(t *testing.T) {
	s := redistest.Start(t)
	l := limiter(t, s)
	taken(t, l, requests)
	s.Stop()
	_, err := l.Take(context.Background(), []authority.LimitAsk{{Meters: []authority.LimitMeter{requests}}})
	if err == nil || !strings.Contains(err.Error(), l.String()) {
		t.Fatalf("without a server: %v", err)
	}
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	if a := taken(t, l, requests); !a.OK || a.Meters[0].Remaining != 2 {
		t.Fatalf("a server that lost its memory: %+v", a)
	}
}

// TestNothingIsLeftBehind fills meters that are soon full again.
func TestNothingIsLeftBehind(t *testing.T) {
	s := redistest.Start(t)
	l := limiter(t, s)
	quick := authority.LimitMeter{Limit: 1e6, Window: time.Second, Cost: 1000}
	for n := range byte(20) {
		quick.ID[0] = n
		taken(t, l, quick)
	}
	command(t, s, "DBSIZE", ":20")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if got, err := s.Do("DBSIZE"); err == nil && got == ":0" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("meters that are full are kept")
		}
	}
}

// TestClockThatWasSetBack finds a meter that is full in a thousand years. It keeps nobody waiting for more than a window and the
// refill of the burst.
func TestClockThatWasSetBack(t *testing.T) {
	s := redistest.Start(t)
	l := limiter(t, s)
	command(t, s, "SET "+l.key(&requests.ID)+" 33333333333:0", "+OK")
	if a := taken(t, l, requests); a.OK || a.Meters[0].ResetAfter > 2*time.Hour {
		t.Errorf("%+v", a)
	}
	left, err := s.Do("TTL " + l.key(&requests.ID))
	if n, bad := strconv.Atoi(strings.TrimPrefix(left, ":")); err != nil || bad != nil || n < 1 || n > 7202 {
		t.Errorf("it is kept for %s, %v", left, err)
	}
}

func TestURLs(t *testing.T) {
	for _, url := range []string{
		"", "sesame-open", "http://:sesame-open@host", "redis://:sesame@open@host:1", "redis://:sesame%open@host:1",
		"redis://:sesame-open@host:port/0", "redis://:x@host/sesame-open", "redis://:sesame-open@host?sesame-open=1", "redis:///sesame-open",
	} {
		if l, err := Open(url, Options{}); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: %v, %v", url, l, err)
		}
	}
	if l, err := Open("rediss://u:sesame-open@cache.internal:6380/2", Options{}); err != nil || strings.Contains(l.String(), "sesame") {
		t.Errorf("%v, %v", l, err)
	}
	if _, err := Open("redis://h", Options{Prefix: "a}b"}); err == nil {
		t.Error("a prefix leaves the slot")
	}
}

// TestWrongPasswordIsNotRepeated asks a server that knows another one.
func TestWrongPasswordIsNotRepeated(t *testing.T) {
	s := redistest.Start(t)
	l, err := Open(strings.Replace(s.URL(), "://:", "://:sesame-open", 1), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err = l.Take(context.Background(), []authority.LimitAsk{{Meters: []authority.LimitMeter{requests}}}); err == nil || strings.Contains(err.Error(), "sesame") {
		t.Error(err)
	}
}
