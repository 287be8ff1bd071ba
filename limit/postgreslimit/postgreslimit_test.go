// SPDX-License-Identifier: Apache-2.0

package postgreslimit

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
	"github.com/keywright/keywright/limit/limittest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// database returns an empty database with the schema of a store.
func database(t testing.TB) string {
	t.Helper()
	url := postgrestest.Database(t)
	postgrestest.Execute(t, url, "CREATE SCHEMA keywright")
	return url
}

func limiter(t testing.TB, url string) *Limiter {
	t.Helper()
	l, err := Open(url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestPostgres(t *testing.T) {
	limittest.Run(t, func(t *testing.T) func() authority.Limiter {
		url := database(t)
		return func() authority.Limiter { return limiter(t, url) }
	})
}

var requests = authority.LimitMeter{ID: [24]byte{7}, Limit: 3, Window: time.Hour, Cost: 1}

func take(m authority.LimitMeter) []authority.LimitAsk {
	return []authority.LimitAsk{{Meters: []authority.LimitMeter{m}}}
}

// TestFullMetersAreForgotten deletes those that have been full for a minute, and no others; what was deleted is full.
func TestFullMetersAreForgotten(t *testing.T) {
	url := database(t)
	l := limiter(t, url)
	ctx := context.Background()
	old := requests
	old.ID[0] = 8
	for _, m := range []authority.LimitMeter{requests, old} {
		if _, err := l.Take(ctx, take(m)); err != nil {
			t.Fatal(err)
		}
	}
	postgrestest.Execute(t, url, "UPDATE keywright.shared_meters SET full_at = 1 WHERE get_byte(id, 0) = 8")
	l.forget(ctx)
	var left int
	if err := l.pool.QueryRow(ctx, "SELECT count(*) FROM shared_meters").Scan(&left); err != nil || left != 1 {
		t.Fatalf("%d meters are left, %v", left, err)
	}
	for n, m := range []authority.LimitMeter{requests, old} {
		if a, err := l.Take(ctx, take(m)); err != nil || a[0].Meters[0].Remaining != int64(1+n) {
			t.Errorf("meter %d: %+v, %v", n, a, err)
		}
	}
}

// TestTableWithoutAnythingSpecial gets a plain one, as do those that only speak as PostgreSQL does.
func TestTableWithoutAnythingSpecial(t *testing.T) {
	url := database(t)
	l := limiter(t, url)
	ctx := context.Background()
	if _, err := l.pool.Exec(ctx, makeLoggedSQL); err != nil {
		t.Fatal(err)
	}
	if a, err := l.Take(ctx, take(requests)); err != nil || !a[0].OK {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestClockThatWasSetBack finds a meter that is full in a hundred years. It keeps nobody waiting for more than a window and the
// refill of the burst.
func TestClockThatWasSetBack(t *testing.T) {
	url := database(t)
	l := limiter(t, url)
	ctx := context.Background()
	if _, err := l.Take(ctx, take(requests)); err != nil {
		t.Fatal(err)
	}
	postgrestest.Execute(t, url, "UPDATE keywright.shared_meters SET full_at = full_at + 3e9")
	a, err := l.Take(ctx, take(requests))
	if err != nil || a[0].OK || a[0].Meters[0].ResetAfter > 2*time.Hour {
		t.Errorf("%+v, %v", a, err)
	}
	var far int
	err = l.pool.QueryRow(ctx, "SELECT count(*) FROM shared_meters WHERE full_at > extract(epoch FROM clock_timestamp()) + 7200").Scan(&far)
	if err != nil || far != 0 {
		t.Errorf("it is as far as it was: %d, %v", far, err)
	}
}

func TestAwayTellsNoPassword(t *testing.T) {
	l := limiter(t, "postgres://keywright:sesame-open@127.0.0.1:1/x")
	_, err := l.Take(context.Background(), take(requests))
	if err == nil || strings.Contains(err.Error(), "sesame") {
		t.Error(err)
	}
	if _, err := Open("postgres://keywright:sesame%open@h/x", Options{}); err == nil || strings.Contains(err.Error(), "sesame") {
		t.Error(err)
	}
}
