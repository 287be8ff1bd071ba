// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
	"github.com/keywright/keywright/store/internal/listing"
)

const disabledTerm = "disabled"

// listRecords looks at few records first: that is enough where a filter matches many.
func (s *Store) listRecords(ctx context.Context, q authority.Query) (p authority.Page, err error) {
	for _, scan := range listing.Scans(&q) {
		q.Scan = scan
		if p, err = s.lookThrough(ctx, q); err != nil || !p.More || len(p.Records) == q.Limit {
			break
		}
	}
	return p, err
}

func (s *Store) lookThrough(ctx context.Context, q authority.Query) (p authority.Page, err error) {
	f, end, err := s.recordPage(ctx, &q)
	if err != nil {
		return p, err
	}
	text, args := f.query(ordered(listRecordsSQL, &q), oneMore(q.Limit))
	rows, err := s.reads(ctx).Query(ctx, text, planned(args)...)
	if err != nil {
		return p, err
	}
	reader := new(recordReader)
	err = reader.each(rows, func(r *authority.Record) error {
		p.Records = append(p.Records, *r)
		p.Records[len(p.Records)-1].Secrets = slices.Clone(r.Secrets)
		return nil
	})
	if err == nil {
		err = reader.unreadable.Err()
	}
	p.Records, p.More = page(p.Records, q.Limit)
	switch {
	case p.More:
		p.Next = listing.PlaceOf(&q, &p.Records[len(p.Records)-1])
	case end != nil:
		p.More, p.Next = true, *end
	}
	return p, err
}

// ordered puts the order of a list into its statement.
func ordered(text string, q *authority.Query) string {
	return strings.NewReplacer("/* order */", listing.Order(q, ""), "/* r.order */", listing.Order(q, "r.")).Replace(text)
}

// recordPage decides how a page is found. The end is the last record that is looked at, where there are more behind it.
func (s *Store) recordPage(ctx context.Context, q *authority.Query) (f *filter, end *authority.Place, err error) {
	f = recordFilter(*q)
	if listing.Simple(q) {
		return f, nil, nil
	}
	if listing.Whole(q) {
		return f, nil, nil
	}
	for _, source := range listing.Sources(q, disabledTerm) {
		few, err := s.few(ctx, q, &source)
		if err != nil {
			return nil, nil, err
		}
		if few {
			// Offset keeps the server from looking through the list in its order instead.
			f.and("id IN (SELECT id FROM records WHERE "+source.Terms+" OFFSET 0)", source.Args...)
			return f, nil, nil
		}
	}
	source := listing.InOrder(q, disabledTerm)
	if end, err = s.lookedAt(ctx, q, &source); err == nil && end != nil {
		f.andUpTo(q, end)
	}
	return f, end, err
}

// few reports whether an index names so few records that they can be sorted.
func (s *Store) few(ctx context.Context, q *authority.Query, source *listing.Source) (bool, error) {
	var f filter
	f.and(source.Terms, source.Args...)
	text, args := f.query("SELECT count(*) FROM (SELECT 1 FROM records WHERE /* filter */ LIMIT /* limit */) few", listing.Few(q)+1)
	n := 0
	err := s.reads(ctx).QueryRow(ctx, text, planned(args)...).Scan(&n)
	return n <= listing.Few(q), err
}

// lookedAt returns the last record that may be looked at for a page, or nil where the list ends before.
func (s *Store) lookedAt(ctx context.Context, q *authority.Query, source *listing.Source) (*authority.Place, error) {
	var f filter
	f.and(source.Terms, source.Args...)
	f.andFrom(q)
	text, args := f.query("SELECT id, expires FROM records WHERE /* filter */ ORDER BY "+listing.Order(q, "")+" LIMIT 1 OFFSET /* limit */", max(q.Scan, q.Limit+1)-1)
	var id [16]byte
	var expires int64
	err := s.reads(ctx).QueryRow(ctx, text, planned(args)...).Scan(&id, &expires)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &authority.Place{Ends: column.FromMillis(expires), ID: id}, err
}

// andFrom takes records behind the cursor.
func (f *filter) andFrom(q *authority.Query) {
	if !q.Before.IsZero() && q.Sort == authority.Newest {
		f.and("id < ?", uuid(q.Before))
	}
	switch {
	case q.From == authority.Place{}:
	case q.Sort == authority.Oldest:
		f.and("id > ?", uuid(q.From.ID))
	case q.Sort == authority.Ending:
		f.and("(expires, id) > (?, ?)", column.Millis(q.From.Ends), uuid(q.From.ID))
	}
}

// andUpTo takes no records behind the last that is looked at.
func (f *filter) andUpTo(q *authority.Query, end *authority.Place) {
	switch q.Sort {
	case authority.Newest:
		f.and("id >= ?", uuid(end.ID))
	case authority.Oldest:
		f.and("id <= ?", uuid(end.ID))
	case authority.Ending:
		f.and("(expires, id) <= (?, ?)", column.Millis(end.Ends), uuid(end.ID))
	}
}
