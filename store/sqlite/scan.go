// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"context"

	"github.com/keywright/keywright/authority"
)

// chunkSize is how many records a scan holds at once.
const chunkSize = 4096

// Scan visits every record, by id. It reads in chunks and holds nothing open while it visits, so visit may take its
// time and may use the store. A record that is put meanwhile is visited as it was before or as it is after, and one
// that is new may be missed.
//
// A record that cannot be read is passed over; the error, after all others have been visited, names it.
func (s *Store) Scan(ctx context.Context, visit func(*authority.Record) error) error {
	reader := &recordReader{scopes: map[string][]string{}, terms: map[string]terms{}, rules: map[string]authority.Rules{}}
	chunk := make([]authority.Record, 0, chunkSize)
	after := []byte{} // before every id
	for {
		var err error
		if chunk, err = s.readChunk(ctx, reader, chunk[:0], after); err != nil {
			return s.readError(err)
		}
		full := len(chunk) == chunkSize
		if full {
			after = bytes.Clone(chunk[len(chunk)-1].ID[:])
		}
		for i := range chunk {
			if err := visit(&chunk[i]); err != nil {
				return err
			}
		}
		if !full {
			break
		}
	}
	if err := reader.broken(); err != nil {
		return s.readError(err)
	}
	return nil
}

// readChunk fills chunk up to its capacity with the records behind an id. The slices of the records that were there
// before are used again.
func (s *Store) readChunk(ctx context.Context, reader *recordReader, chunk []authority.Record, after []byte) ([]authority.Record, error) {
	rows, err := s.read.QueryContext(ctx, scanSQL, after)
	if err != nil {
		return chunk, err
	}
	err = reader.read(rows, func(r *authority.Record) error {
		n := len(chunk)
		chunk = chunk[:n+1]
		secrets := chunk[n].Secrets[:0]
		chunk[n] = *r
		chunk[n].Secrets = append(secrets, r.Secrets...)
		if n+1 == cap(chunk) {
			return errStop
		}
		return nil
	})
	return chunk, err
}
