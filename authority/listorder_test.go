// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// Lists come in every order, page by page, without a gap or a repeat; by end, keys that have none come last.
func TestListOrder(t *testing.T) {
	a, clock := open(t)
	var oldest, ends, endless []string
	for i := range 12 {
		clock.advance(time.Second)
		q := authority.IssueRequest{Name: fmt.Sprint(i)}
		if i%2 == 0 {
			q.ExpiresAt = start.Add(time.Duration(24-i/4) * time.Hour)
		} else {
			endless = append([]string{q.Name}, endless...)
		}
		issue(t, a, q)
		oldest = append(oldest, q.Name)
	}
	ends = append([]string{"8", "10", "4", "6", "0", "2"}, endless...)
	newest := slices.Clone(oldest)
	slices.Reverse(newest)
	for sort, want := range map[authority.Sort][]string{authority.Newest: newest, authority.Oldest: oldest, authority.Ending: ends} {
		for limit := 1; limit <= 13; limit++ {
			var got []string
			q := authority.ListRequest{Sort: sort, Limit: limit}
			for pages := 0; pages < 20; pages++ {
				records, next, err := a.List(ctx, admin, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range records {
					got = append(got, r.Name)
				}
				if q.Cursor = next; next == "" {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("order %d in pages of %d: %v, not %v", sort, limit, got, want)
			}
		}
	}
	for _, q := range []authority.ListRequest{
		{Cursor: "x"},
		{Cursor: "endless"},
		{Sort: authority.Ending, Cursor: "x-key_0DFUqXqVeEpK4nSQhDZ0mR"},
		{Sort: authority.Ending, Cursor: "key_0DFUqXqVeEpK4nSQhDZ0mR"},
		{Sort: authority.Oldest, Cursor: "1-key_0DFUqXqVeEpK4nSQhDZ0mR"},
	} {
		_, _, err := a.List(ctx, admin, q)
		wantError(t, err, authority.Invalid, "cursor")
	}
}
