// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"iter"
	"time"

	"github.com/keywright/keywright"
)

const (
	importChunk = 20_000  // lines of one transaction
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

// ImportMany takes records as they come, twenty thousand lines in one transaction with one event, which holds their number and
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
		number, size, last := 0, 0, 0
		for q, wrong := range lines {
			if number++; q.Line > 0 {
				number = q.Line
			}
			if chunk == nil { // as large as the one before
				chunk = make([]importLine, 0, last)
			}
			chunk = append(chunk, importLine{number, q, wrong})
			if size += len(q.Metadata); len(chunk) < importChunk && size < importBytes {
				continue
			}
			if !yield(chunk) {
				return
			}
			chunk, size, last = nil, 0, len(chunk)
		}
		if len(chunk) > 0 {
			yield(chunk)
		}
	}
}
