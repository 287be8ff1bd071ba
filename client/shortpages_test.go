// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
)

// A nearsighted store looks at three records for a page.
type nearsighted struct{ *sqlite.Store }

func (s nearsighted) List(ctx context.Context, q authority.Query) (authority.Page, error) {
	q.Scan = min(q.Scan, 3)
	return s.Store.List(ctx, q)
}

// All goes on over pages that are short or empty although there are more.
func TestAllOverShortPages(t *testing.T) {
	store, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	a, err := authority.Open(t.Context(), authority.Options{Store: nearsighted{store}, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	issued, _, err := a.FirstServiceKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	handler, err := server.New(server.Options{Authority: a})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	defer s.Close()
	c := with(t, s.URL, issued.Key)
	for i := range 20 {
		name := fmt.Sprint("other ", i)
		if i == 1 || i == 12 {
			name = fmt.Sprint("ours ", i)
		}
		if _, err := c.Issue(t.Context(), api.IssueRequest{Name: name}, ""); err != nil {
			t.Fatal(err)
		}
	}
	first, err := c.List(t.Context(), client.KeyQuery{Text: "ours", Limit: 2})
	if err != nil || len(first.Keys) != 0 || first.NextCursor == "" {
		t.Fatalf("the first page is not one without keys: %d, then %q (%v)", len(first.Keys), first.NextCursor, err)
	}
	for sort, want := range map[string][]string{"newest": {"ours 12", "ours 1"}, "oldest": {"ours 1", "ours 12"}, "expires": {"ours 12", "ours 1"}} {
		var got []string
		for r, err := range c.All(t.Context(), client.KeyQuery{Text: "ours", Limit: 2, Sort: sort}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, not %v", sort, got, want)
		}
	}
}
