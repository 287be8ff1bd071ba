// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/keywright/keywright"
)

const (
	importChunk = 10_000  // lines of one transaction
	importBytes = 4 << 20 // metadata of one transaction
)

// An ImportRequest brings one record with its secrets from elsewhere, or from another authority. Of the IssueRequest in it
// Keyspace, Hash, PublicID, ExpiresIn and IdempotencyKey stay empty; a time that has passed is as good as any.
type ImportRequest struct {
	IssueRequest
	Line     int             // where it comes from; 0: lines are counted
	ID       keywright.KeyID // kept, where it is not zero
	Parent   keywright.KeyID // is there already, or on an earlier line
	Created  time.Time       // zero: now
	Disabled bool
	Revoked  time.Time
	Reason   string         // why it was revoked
	Secrets  []ImportSecret // the current one first; at least one
}

// An ImportSecret is one secret: its hash, or the key itself, which is hashed and forgotten.
type ImportSecret struct {
	Key       keywright.Secret
	Hash      string           // as it is written where it comes from
	Encoding  string           // of Hash: hex, base64, base64url or base58; empty: told by its looks
	Algorithm string           // sha256, hmac-sha256, bcrypt or argon2id; empty: sha256, or told by its looks
	Pepper    string           // with hmac-sha256: its name
	Covers    *keywright.Cover // what the hash covers; nil: what that of the format covers
	PublicID  string
	Created   time.Time // zero: as the record
	Expires   time.Time // zero: as long as the record
	Grace     bool      // it was rotated out and verifies until Expires, or until it was not used for Idle
	Idle      time.Duration
}

// ImportOptions say what all lines have in common.
type ImportOptions struct {
	Keyspace string // default
	DryRun   bool   // only tell what would become of each line
}

// Outcome is what became of a line.
type Outcome string

// The outcomes.
const (
	Accepted Outcome = "accepted"
	Skipped  Outcome = "skipped" // it is there already
	Refused  Outcome = "refused"
)

// An ImportResult is what became of one line.
type ImportResult struct {
	Line    int // as the request says, or counted from 1
	Outcome Outcome
	ID      keywright.KeyID // of the record; zero where it was refused
	Changed bool            // it is there already, and was changed here since
	Err     error           // why it was refused
}

// ImportTotals count lines by what became of them.
type ImportTotals struct{ Lines, Accepted, Skipped, Refused int }

func (t *ImportTotals) add(r *ImportResult) {
	t.Lines++
	switch r.Outcome {
	case Accepted:
		t.Accepted++
	case Skipped:
		t.Skipped++
	default:
		t.Refused++
	}
}

// ImportMany takes records as they come, ten thousand lines in one transaction with one event, which holds their number and
// the SHA-256 of their ids. A line that cannot be done is refused with its reason and leaves nothing, and the others go
// on; so does one that comes with an error of its own. A line that is there already is skipped, so an import that broke
// off is resumed by doing it again.
//
// It hands the results of each transaction to done, in order: those lines are durable then. It ends when done returns an
// error, or when the store fails. Lines are read while those before them are written.
func (a *Authority) ImportMany(ctx context.Context, c Caller, o ImportOptions, lines iter.Seq2[ImportRequest, error], done func([]ImportResult) error) (ImportTotals, error) {
	var totals ImportTotals
	o.Keyspace = c.keyspace(o.Keyspace)
	if err := c.may(ScopeImport, o.Keyspace); err != nil {
		return totals, err
	}
	if a.space(o.Keyspace) == nil {
		return totals, unknown("keyspace", "make it first, or name another")
	}
	if err := a.Warm(ctx); err != nil && ctx.Err() != nil {
		return totals, fromStore(err)
	}
	var writing chan error
	var results []ImportResult
	wait := func() error { // for the chunk before
		if writing == nil {
			return nil
		}
		err := <-writing
		writing = nil
		if err != nil {
			return err
		}
		for i := range results {
			totals.add(&results[i])
		}
		return done(results)
	}
	for chunk := range importChunks(lines) {
		if err := wait(); err != nil {
			return totals, err
		}
		if err := ctx.Err(); err != nil {
			return totals, fromStore(err)
		}
		w := &importing{authority: a, caller: c, options: o, chunk: chunk}
		results, writing = make([]ImportResult, len(chunk)), make(chan error, 1)
		go func(results []ImportResult, writing chan<- error) { writing <- w.write(ctx, results) }(results, writing)
	}
	return totals, wait()
}

// An importLine is a line on its way.
type importLine struct {
	number  int
	request ImportRequest
	wrong   error // why it was refused before it came here
}

// importChunks cuts lines into parts of a bounded number and size.
func importChunks(lines iter.Seq2[ImportRequest, error]) iter.Seq[[]importLine] {
	return func(yield func([]importLine) bool) {
		var chunk []importLine
		number, size := 0, 0
		for q, wrong := range lines {
			if number++; q.Line > 0 {
				number = q.Line
			}
			chunk = append(chunk, importLine{number, q, wrong})
			if size += len(q.Metadata); len(chunk) < importChunk && size < importBytes {
				continue
			}
			if !yield(chunk) {
				return
			}
			chunk, size = nil, 0
		}
		if len(chunk) > 0 {
			yield(chunk)
		}
	}
}

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
	w.drafts, w.hashes, w.publics, w.ids = nil, map[keywright.Hash]int{}, map[string]int{}, map[keywright.KeyID]int{}
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
