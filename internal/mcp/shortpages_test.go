// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// A nearsighted store looks at three records for a page.
type nearsighted struct{ *sqlite.Store }

func (s nearsighted) List(ctx context.Context, q authority.Query) (authority.Page, error) {
	q.Scan = min(q.Scan, 3)
	return s.Store.List(ctx, q)
}

// The list goes on over pages that are short or empty, but not for ever: then its cursor leads on.
func TestListOverShortPages(t *testing.T) {
	h := newHouse(t)
	a := h.overHTTP(t, h.root)
	for i := range 60 {
		name := "other"
		if i == 1 || i == 50 || i == 45 {
			name = fmt.Sprint("ours ", i)
		}
		h.issue(authority.IssueRequest{Name: name})
		time.Sleep(time.Millisecond) // those of one millisecond stand in any order
	}
	names := func(l fields) (all []string) {
		for _, k := range l["keys"].([]any) {
			all = append(all, k.(fields)["name"].(string))
		}
		return all
	}
	l := a.must("list_keys", fields{"q": "ours", "limit": 2})
	if got := names(l); fmt.Sprint(got) != "[ours 50 ours 45]" {
		t.Errorf("the first answer has %v", got)
	}
	l = a.must("list_keys", fields{"q": "ours", "limit": 2, "cursor": l["next_cursor"]})
	if got := names(l); len(got) != 0 || l["next_cursor"] == nil {
		t.Errorf("the second answer has %v, and the cursor %v", got, l["next_cursor"])
	}
	l = a.must("list_keys", fields{"q": "ours", "limit": 2, "cursor": l["next_cursor"]})
	if got := names(l); fmt.Sprint(got) != "[ours 1]" || l["next_cursor"] != nil {
		t.Errorf("the last answer has %v, and the cursor %v", got, l["next_cursor"])
	}
}
