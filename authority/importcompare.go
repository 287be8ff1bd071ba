// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// compare looks whether a line is there already, in the store or on a line before it, and says what then becomes of it.
// What only the store can tell, such as a public id that is taken, shows when the chunk is put.
func (w *importing) compare(ctx context.Context, q *ImportRequest, d *importDraft, result *ImportResult) error {
	if err := w.everyHash(q, d); err != nil {
		return err
	}
	if other, field, ok := w.earlier(d); ok {
		earlier := &w.drafts[slices.IndexFunc(w.drafts, func(o importDraft) bool { return o.place == other })]
		if difference(q, &earlier.record, d) == "" {
			result.Outcome, result.ID = Skipped, earlier.record.ID
			return nil
		}
		return &Error{
			Kind: Conflicting, Field: field, Problem: fmt.Sprintf("is also on line %d", w.chunk[other].number),
			Hint: "a secret belongs to one record: leave out one of the two lines",
		}
	}
	ids, err := w.present(ctx, q, d)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := w.meet(ctx, q, d, id, result); err != nil || result.Outcome != "" {
			return err
		}
	}
	return nil
}

// earlier returns the place of a line of this chunk that has the same hash, public id or id.
func (w *importing) earlier(d *importDraft) (place int, field string, ok bool) {
	for _, s := range d.record.Secrets {
		if place, ok = w.hashes[s.Hash]; ok {
			return place, "hash", true
		}
		if place, ok = w.publics[s.PublicID]; ok && s.PublicID != "" {
			return place, "public_id", true
		}
	}
	place, ok = w.ids[d.record.ID]
	return place, "id", ok
}

// present returns the ids of records that the table has for the hashes of a line.
func (w *importing) present(ctx context.Context, q *ImportRequest, d *importDraft) (ids []keywright.KeyID, err error) {
	a := w.authority
	if !q.ID.IsZero() {
		ids = append(ids, q.ID)
	}
	f := w.space.Format(d.record.Format)
	for i := range d.record.Secrets {
		s := &d.record.Secrets[i]
		for _, hash := range d.hashes[i] {
			known := hash
			if s.Slow == "" {
				known = tableHash(f, hash, d.record.Environment, s.PublicID)
			}
			id, state, ok := a.table.Find((*[32]byte)(&known))
			if ok && !(state.Has(table.Slow) && !state.Has(table.Registered)) {
				ids = append(ids, id)
				continue
			}
			if a.complete.Load() && a.member == nil {
				continue
			}
			r, err := a.store.Lookup(ctx, hash)
			if err == nil {
				ids = append(ids, r.ID)
			} else if !errors.Is(err, ErrNotFound) {
				return nil, fromStore(err)
			}
		}
	}
	return ids, nil
}

// everyHash notes all hashes that the secrets of a line may be kept by: of a key that is there itself, one with each pepper.
func (w *importing) everyHash(q *ImportRequest, d *importDraft) error {
	d.hashes = make([][]keywright.Hash, len(q.Secrets))
	f := w.space.Format(d.record.Format)
	for i := range q.Secrets {
		d.hashes[i] = []keywright.Hash{d.record.Secrets[i].Hash}
		if q.Secrets[i].Key.IsZero() {
			continue
		}
		k, err := f.Parse(q.Secrets[i].Key)
		if err != nil {
			return invalid("key", "cannot be read", "give it as it was issued")
		}
		d.hashes[i] = append(d.hashes[i], k.Hash())
		for _, p := range w.authority.peppers.all() {
			if p.key != nil {
				d.hashes[i] = append(d.hashes[i], k.MAC(p.key))
			} else if w.space.others.uses(p.name) {
				return errPepper(p.name)
			}
		}
	}
	return nil
}

// meet decides what becomes of a line that meets a record: it is skipped where it is that record.
func (w *importing) meet(ctx context.Context, q *ImportRequest, d *importDraft, id keywright.KeyID, result *ImportResult) error {
	page, err := w.authority.store.List(ctx, Query{ID: id})
	if err != nil {
		return fromStore(err)
	}
	if len(page.Records) == 0 { // an id that is free
		return nil
	}
	r := &page.Records[0]
	const hint = "a secret belongs to one record: look at that one, or leave the line out"
	if w.caller.mayRecord(ScopeImport, r) != nil {
		return &Error{Kind: Conflicting, Field: "hash", Problem: "is registered already, elsewhere", Hint: hint}
	}
	if !sameKey(q, r, d) {
		return &Error{Kind: Conflicting, Field: d.shares(q, r), Problem: "is that of " + r.ID.String() + ", which is another key", Hint: hint}
	}
	if r.Version > 1 {
		result.Outcome, result.ID, result.Changed = Skipped, r.ID, true
		return nil
	}
	if field := difference(q, r, d); field != "" {
		return &Error{
			Kind: Conflicting, Field: field, Problem: "is not that of " + r.ID.String() + ", which has this secret already",
			Hint: "a record that is there is not changed by an import: keywright update changes it",
		}
	}
	result.Outcome, result.ID = Skipped, r.ID
	return nil
}

// shares names what a line has in common with a record of another key.
func (d *importDraft) shares(q *ImportRequest, there *Record) string {
	if there.ID == q.ID {
		return "id"
	}
	for i := range d.hashes {
		if slices.ContainsFunc(there.Secrets, func(s StoredSecret) bool { return slices.Contains(d.hashes[i], s.Hash) }) {
			return "hash"
		}
	}
	return "public_id"
}

// resolve looks for the lines of a chunk that are in conflict with the store, and takes them out.
func (w *importing) resolve(ctx context.Context, results []ImportResult) error {
	w.space = w.authority.space(w.options.Keyspace)
	kept := w.drafts[:0]
	for _, d := range w.drafts {
		result := &results[d.place]
		err := w.probe(ctx, &w.chunk[d.place].request, &d, result)
		var own *Error
		switch {
		case err == nil && result.Outcome == "":
			kept = append(kept, d)
		case errors.As(err, &own) && own.Kind != Unavailable:
			result.refuse(err)
		case err != nil:
			return err
		}
	}
	w.drafts = kept
	return nil
}

// probe asks the store for all that a line could be in conflict with.
func (w *importing) probe(ctx context.Context, q *ImportRequest, d *importDraft, result *ImportResult) error {
	ids := []keywright.KeyID{d.record.ID}
	for _, s := range d.record.Secrets {
		if r, err := w.authority.store.Lookup(ctx, s.Hash); err == nil {
			ids = append(ids, r.ID)
		} else if !errors.Is(err, ErrNotFound) {
			return fromStore(err)
		}
		if s.PublicID == "" {
			continue
		}
		page, err := w.authority.store.List(ctx, Query{Keyspace: d.record.Keyspace, PublicID: s.PublicID, Limit: 1})
		if err != nil {
			return fromStore(err)
		}
		for i := range page.Records {
			ids = append(ids, page.Records[i].ID)
		}
	}
	for _, id := range ids {
		if err := w.meet(ctx, q, d, id, result); err != nil || result.Outcome != "" {
			return err
		}
	}
	return nil
}
