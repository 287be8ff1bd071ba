// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// One question gives what a keyspace was asked in the last seven days, by day.
func TestWeekOfUsage(t *testing.T) {
	h, clock := newClockedHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	other, _ := h.key(authority.IssueRequest{})
	want := map[string]int64{}
	for day := range 10 { // the first are older than a week
		for range day + 1 {
			h.ask(key, "")
		}
		h.ask(other, "")
		if err := h.authority.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if day > 2 {
			want[clock.now().UTC().Format(time.DateOnly)] = int64(day + 2)
		}
		if day < 9 {
			clock.advance(24 * time.Hour)
		}
	}
	since := clock.now().Add(-6 * 24 * time.Hour)
	var u api.UsageReport
	h.want(h.send("GET", "/v1/usage?keyspace=default&since="+since.UTC().Format(time.RFC3339), h.root, ""), 200, &u)
	got := map[string]int64{}
	for _, hour := range u.Hours {
		got[hour.Hour.UTC().Format(time.DateOnly)] += hour.Count
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, not %v", got, want)
	}
}
