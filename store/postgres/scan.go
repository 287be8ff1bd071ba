// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// chunkSize is how many records a scan holds at once.
const chunkSize = 4096

// Scan visits every record, by id. It reads in chunks and holds nothing open while it visits, so visit may take its
// time and may use the store. A record that is put meanwhile is visited as it was before or as it is after, and one
// that is new may be missed.
//
// A record that cannot be read is passed over; the error, after all others have been visited, names it.
func (s *Store) Scan(ctx context.Context, visit func(*authority.Record) error) error {
	reader := &recordReader{memory: column.NewMemory()}
	chunk := make([]authority.Record, 0, chunkSize)
	for full := true; full; {
		before := reader.read
		var err error
		if chunk, err = s.readChunk(ctx, reader, chunk[:0]); err != nil {
			return s.readError(ctx, err)
		}
		full = reader.read-before == chunkSize
		for i := range chunk {
			if err := visit(&chunk[i]); err != nil {
				return err
			}
		}
	}
	if err := reader.unreadable.Err(); err != nil {
		return s.readError(ctx, err)
	}
	return nil
}

// readChunk fills chunk with the records behind the last that reader has read. The slices of the records that were
// there before are used again.
func (s *Store) readChunk(ctx context.Context, reader *recordReader, chunk []authority.Record) ([]authority.Record, error) {
	if err := s.hold.check(); err != nil {
		return chunk, err
	}
	after := uuid(keywright.KeyID{}) // before every id
	if reader.read > 0 {
		after = uuid(reader.last)
	}
	rows, err := s.pool.Query(ctx, scanSQL, after, chunkSize)
	if err != nil {
		return chunk, err
	}
	err = reader.each(rows, func(r *authority.Record) error {
		n := len(chunk)
		chunk = chunk[:n+1]
		secrets := chunk[n].Secrets[:0]
		chunk[n] = *r
		chunk[n].Secrets = append(secrets, r.Secrets...)
		return nil
	})
	return chunk, err
}
