// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
	"github.com/keywright/keywright/store/internal/listing"
)

const disabledTerm = "disabled <> 0"

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
	f, index, end, err := s.recordPage(ctx, &q)
	if err != nil {
		return p, err
	}
	text, args := f.query(ordered(listRecordsSQL, &q, index), oneMore(q.Limit))
	rows, err := s.read.QueryContext(ctx, text, args...)
	if err != nil {
		return p, err
	}
	reader := new(recordReader)
	err = reader.read(rows, func(r *authority.Record) error {
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

// ordered puts the order of a list into its statement, and which index it takes.
func ordered(text string, q *authority.Query, index string) string {
	if index != "" {
		index = "INDEXED BY " + index
	}
	return strings.NewReplacer("/* index */", index, "/* order */", listing.Order(q, ""), "/* r.order */", listing.Order(q, "r.")).Replace(text)
}

// recordPage decides how a page is found. The end is the last record that is looked at, where there are more behind it.
func (s *Store) recordPage(ctx context.Context, q *authority.Query) (f *filter, index string, end *authority.Place, err error) {
	if listing.Simple(q) {
		return recordFilter(*q), "", nil, nil
	}
	whole := listing.Whole(q)
	if !whole {
		if f, err = s.fewOf(ctx, q); f != nil || err != nil {
			return f, "", nil, err
		}
	}
	source := listing.InOrder(q, disabledTerm)
	f = &filter{}
	f.and(source.Terms, source.Args...)
	f.andFrom(q)
	if !whole {
		if end, err = s.lookedAt(ctx, q, &source, f); err != nil {
			return nil, "", nil, err
		}
	}
	if end != nil {
		f.andUpTo(q, end)
	}
	f.andAll(q, "+")
	return f, source.Index, end, nil
}

// fewOf returns the filter of a page from records that an index names, if they are few.
func (s *Store) fewOf(ctx context.Context, q *authority.Query) (*filter, error) {
	for _, source := range listing.Sources(q, disabledTerm) {
		few, err := s.few(ctx, q, &source)
		if err != nil {
			return nil, err
		}
		if few {
			f := &filter{}
			f.and("id IN (SELECT id FROM records INDEXED BY "+source.Index+" WHERE "+source.Terms+")", source.Args...)
			f.andAll(q, "+")
			return f, nil
		}
	}
	return nil, nil
}

// few reports whether an index names so few records that they can be sorted.
func (s *Store) few(ctx context.Context, q *authority.Query, source *listing.Source) (bool, error) {
	n := 0
	text := "SELECT count(*) FROM (SELECT 1 FROM records INDEXED BY " + source.Index + " WHERE " + source.Terms + " LIMIT ?)"
	err := s.read.QueryRowContext(ctx, text, append(slices.Clone(source.Args), listing.Few(q)+1)...).Scan(&n)
	return n <= listing.Few(q), err
}

// lookedAt returns the last record that may be looked at for a page, or nil where the list ends before.
func (s *Store) lookedAt(ctx context.Context, q *authority.Query, source *listing.Source, f *filter) (*authority.Place, error) {
	var id sql.RawBytes
	var expires int64
	text := "SELECT id, " + map[bool]string{true: "expires", false: "0"}[q.Sort == authority.Ending] + " FROM records INDEXED BY " + source.Index +
		" WHERE " + strings.Join(f.terms, " AND ") + " ORDER BY " + listing.Order(q, "") + " LIMIT 1 OFFSET ?"
	rows, err := s.read.QueryContext(ctx, text, append(slices.Clone(f.args), max(q.Scan, q.Limit+1)-1)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, rows.Err()
	}
	if err := rows.Scan(&id, &expires); err != nil {
		return nil, err
	}
	p := &authority.Place{Ends: column.FromMillis(expires)}
	copy(p.ID[:], id)
	return p, rows.Err()
}

// andFrom takes records behind the cursor.
func (f *filter) andFrom(q *authority.Query) {
	if !q.Before.IsZero() && q.Sort == authority.Newest {
		f.and("id < ?", q.Before[:])
	}
	switch {
	case q.From == authority.Place{}:
	case q.Sort == authority.Oldest:
		f.and("id > ?", q.From.ID[:])
	case q.Sort == authority.Ending:
		f.and("(expires, id) > (?, ?)", column.Millis(q.From.Ends), q.From.ID[:])
	}
}

// andUpTo takes no records behind the last that is looked at.
func (f *filter) andUpTo(q *authority.Query, end *authority.Place) {
	switch q.Sort {
	case authority.Newest:
		f.and("id >= ?", end.ID[:])
	case authority.Oldest:
		f.and("id <= ?", end.ID[:])
	case authority.Ending:
		f.and("(expires, id) <= (?, ?)", column.Millis(end.Ends), end.ID[:])
	}
}
