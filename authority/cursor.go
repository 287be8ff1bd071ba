// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// A cursor of a list is the key id of the last record that was looked at. In the order of ends the end stands before it, in
// milliseconds, and endless where those without an end are listed.
const endless = "endless"

// listPage reads a page. Behind the keys that have an end come those that have none.
func (a *Authority) listPage(ctx context.Context, q Query) ([]Record, string, error) {
	page, err := a.store.List(ctx, q)
	switch {
	case err != nil:
		return nil, "", fromStore(err)
	case page.More:
		return page.Records, q.cursor(page.Next), nil
	case q.Sort != Ending || q.State == StateExpired || !q.ExpiresBefore.IsZero(): // those without an end do not match
		return page.Records, "", nil
	}
	q.withoutEnd(keywright.KeyID{})
	if q.Limit -= len(page.Records); q.Limit == 0 {
		return page.Records, endless, nil
	}
	rest, err := a.store.List(ctx, q)
	if err != nil {
		return nil, "", fromStore(err)
	}
	records := append(page.Records, rest.Records...)
	if !rest.More {
		return records, "", nil
	}
	return records, q.cursor(rest.Next), nil
}

func (q *Query) withoutEnd(before keywright.KeyID) {
	q.Sort, q.From, q.Endless, q.Before = Newest, Place{}, true, before
}

func (q *Query) cursor(next Place) string {
	switch {
	case q.Endless:
		return endless + "-" + next.ID.String()
	case q.Sort == Ending:
		return strconv.FormatInt(next.Ends.UnixMilli(), 10) + "-" + next.ID.String()
	}
	return next.ID.String()
}

// goOn narrows a query to what is behind a cursor.
func (q *Query) goOn(cursor string) error {
	if cursor == "" {
		return nil
	}
	wrong := invalid("cursor", "is not one of this list", "use the next_cursor of the page before with the same sort, or none")
	if q.Sort == Ending && cursor == endless {
		q.withoutEnd(keywright.KeyID{})
		return nil
	}
	number, text, ok := "", cursor, true
	if q.Sort == Ending {
		i := strings.LastIndexByte(cursor, '-')
		if ok = i > 0; ok {
			number, text = cursor[:i], cursor[i+1:]
		}
	}
	id, err := keywright.ParseKeyID(text)
	if !ok || err != nil {
		return wrong
	}
	switch {
	case number == endless:
		q.withoutEnd(id)
	case q.Sort == Ending:
		ends, err := strconv.ParseInt(number, 10, 64)
		if err != nil || ends <= 0 {
			return wrong
		}
		q.From = Place{Ends: time.UnixMilli(ends).UTC(), ID: id}
	case q.Sort == Oldest:
		q.From = Place{ID: id}
	default:
		q.Before = id
	}
	return nil
}
