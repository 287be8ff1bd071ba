// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"
)

// eraseSightings empties the personal fields of sightings: where a key was seen and who reported it. The leaks stay.
func (a *Authority) eraseSightings(ctx context.Context, q EraseRequest) error {
	list := Query{Of: Items, Item: itemLeak, Limit: maxPage}
	for {
		page, err := a.store.List(ctx, list)
		if err != nil {
			return err
		}
		for i := range page.Items {
			list.After = page.Items[i].Name
			l, err := openLeak(&page.Items[i])
			if err == nil && q.empties(&l) {
				err = a.eraseLeak(ctx, &l, q)
			}
			if err != nil {
				return err
			}
		}
		if !page.More {
			return nil
		}
	}
}

// eraseLeak reads a leak again, as it is now that nothing can change it, and empties its fields.
func (a *Authority) eraseLeak(ctx context.Context, l *Leak, q EraseRequest) error {
	defer a.lock(l.Key)()
	now, err := a.readLeak(ctx, l.ID)
	if err != nil || !q.empties(&now) {
		return err
	}
	item, err := now.put()
	if err != nil {
		return err
	}
	return a.store.Apply(context.WithoutCancel(ctx), Change{Puts: []Put{item}})
}

// empties empties the fields of a leak that are to be erased, and reports whether there were any.
func (q *EraseRequest) empties(l *Leak) (any bool) {
	for i := range l.Sightings {
		s := &l.Sightings[i]
		if !q.Before.IsZero() && !s.Reported.Before(q.Before) {
			continue
		}
		for name, value := range map[string]*string{"url": &s.URL, "reporter": &s.Reporter} {
			named := len(q.Fields) == 0 || slices.Contains(q.Fields, name)
			if *value != "" && named && (q.Value == "" || *value == q.Value) {
				*value, any = "", true
			}
		}
	}
	return any
}
