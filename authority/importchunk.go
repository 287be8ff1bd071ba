// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/keywright/keywright"
)

// importing is a chunk of lines on its way into the store.
type importing struct {
	authority *Authority
	caller    Caller
	options   ImportOptions
	chunk     []importLine

	space   *space
	now     time.Time
	drafts  []importDraft           // those that are to be put
	hashes  map[keywright.Hash]int  // places in chunk, of what is to be put
	publics map[string]int          // by public id
	ids     map[keywright.KeyID]int // by id
}

// An importDraft is a line that was decided about.
type importDraft struct {
	place  int // of the line in the chunk
	record Record
	moves  []Put
	hashes [][]keywright.Hash // that each of its secrets may be kept by
}

// write decides about the lines of a chunk and puts them, and fills in their results.
func (w *importing) write(ctx context.Context, results []ImportResult) error {
	a := w.authority
	a.peppers.mu.RLock() // none that a line names goes away
	defer a.peppers.mu.RUnlock()
	for i := range w.chunk {
		results[i].Line = w.chunk[i].number
	}
	w.drafts = make([]importDraft, 0, len(w.chunk))
	from := 0
	for from < len(w.chunk) {
		w.begin()
		to, err := w.decide(ctx, from, results)
		if err != nil {
			return err
		}
		if err := w.commit(ctx, results); err != nil {
			return err
		}
		from = to
	}
	return nil
}

func (w *importing) begin() {
	w.space, w.now = w.authority.space(w.options.Keyspace), w.authority.now()
	w.drafts, w.hashes, w.publics, w.ids = w.drafts[:0], map[keywright.Hash]int{}, map[string]int{}, map[keywright.KeyID]int{}
}

// decide drafts lines from a place on, and returns the place of the first that has to wait until those before it are
// written: one whose parent is among them.
func (w *importing) decide(ctx context.Context, from int, results []ImportResult) (to int, err error) {
	for i := from; i < len(w.chunk); i++ {
		line := &w.chunk[i]
		if _, pending := w.ids[line.request.Parent]; pending && !line.request.Parent.IsZero() {
			return i, nil
		}
		if err := w.decideOne(ctx, i, &results[i]); err != nil {
			return 0, err
		}
	}
	return len(w.chunk), nil
}

// decideOne drafts a line, or says why not. An error ends the import.
func (w *importing) decideOne(ctx context.Context, place int, result *ImportResult) error {
	line := &w.chunk[place]
	if line.wrong != nil {
		result.refuse(line.wrong)
		return nil
	}
	d := importDraft{place: place}
	err := w.draft(ctx, &line.request, &d)
	if err == nil {
		err = w.compare(ctx, &line.request, &d, result)
	}
	var own *Error
	switch {
	case err == nil && result.Outcome == "":
		w.drafts = append(w.drafts, d)
		w.note(&w.drafts[len(w.drafts)-1])
	case errors.As(err, &own) && own.Kind != Unavailable:
		result.refuse(err)
	case err != nil:
		return err
	}
	return nil
}

func (r *ImportResult) refuse(err error) {
	*r = ImportResult{Line: r.Line, Outcome: Refused, Err: err}
}

// note remembers what later lines of the chunk must not have.
func (w *importing) note(d *importDraft) {
	w.ids[d.record.ID] = d.place
	for _, s := range d.record.Secrets {
		w.hashes[s.Hash] = d.place
		if s.PublicID != "" {
			w.publics[s.PublicID] = d.place
		}
	}
}

// commit puts what was drafted. Where that meets a conflict, the lines that have one are looked for and refused.
func (w *importing) commit(ctx context.Context, results []ImportResult) error {
	for tries := 1; len(w.drafts) > 0 && !w.options.DryRun; tries++ {
		change, records, err := w.change()
		if err != nil {
			return err
		}
		err = w.authority.commit(ctx, change, records...)
		if err == nil {
			break
		}
		if !errors.Is(err, ErrConflict) || tries > 3 {
			return fromStore(err)
		}
		if err := w.resolve(ctx, results); err != nil {
			return err
		}
	}
	for i := range w.drafts {
		r := &results[w.drafts[i].place]
		r.Outcome, r.ID = Accepted, w.drafts[i].record.ID
	}
	return nil
}

// change makes one change of all drafts, with one event.
func (w *importing) change() (Change, []*Record, error) {
	change := Change{Based: []Based{{Keyspace: w.space.Name, Version: w.space.Version}}}
	records := make([]*Record, 0, len(w.drafts))
	ids := sha256.New()
	for i := range w.drafts {
		d := &w.drafts[i]
		change.Puts = append(append(change.Puts, &d.record), d.moves...)
		records = append(records, &d.record)
		ids.Write(d.record.ID[:])
	}
	event, err := w.authority.event(w.caller, "key.import", w.space.Name, w.space.Name, []string{
		fmt.Sprintf("count %d", len(records)),
		"first " + records[0].ID.String(),
		"last " + records[len(records)-1].ID.String(),
		"ids sha256 " + hex.EncodeToString(ids.Sum(nil)),
	})
	change.Events = []Event{event}
	return change, records, err
}
