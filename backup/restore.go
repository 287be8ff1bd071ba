// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"compress/flate"
	"context"
	"errors"
	"io"
	"time"

	"github.com/keywright/keywright/authority"
)

func isCorrupt(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt)
}

// Restore loads an archive into an empty store, all of it or nothing, and marks the store as frozen: an authority over it
// judges nothing until the revocation log was merged, or the loss of what was revoked since was accepted
// (authority.Authority: MergeRevocations, Thaw).
func Restore(ctx context.Context, store authority.Archiver, from io.Reader, now time.Time) (Summary, error) {
	r, err := NewReader(from)
	if err != nil {
		return Summary{}, err
	}
	f := &marker{source: func() (any, error) { return nextToRestore(r) }, mark: authority.Freeze(now)}
	err = store.Load(ctx, f.next)
	if errors.Is(err, authority.ErrConflict) {
		err = damaged("it holds something twice")
	}
	if err != nil {
		return Summary{}, err
	}
	if r.ended != io.EOF {
		return Summary{}, errors.New("the store did not read the backup to its end")
	}
	return r.Summary, nil
}

// nextToRestore leaves out the mark of a store that was frozen itself, and sessions.
func nextToRestore(r *Reader) (any, error) {
	for {
		v, err := r.Next()
		if item, ok := v.(*authority.Item); !ok || !item.IsFreeze() && !item.IsSession() {
			return v, err
		}
	}
}

// A marker puts a mark in its place among the items.
type marker struct {
	source func() (any, error)
	mark   *authority.Item // nil: it was given
	held   any             // what comes behind the mark
	err    error
}

func (m *marker) next() (any, error) {
	if m.held != nil || m.err != nil {
		v, err := m.held, m.err
		m.held, m.err = nil, nil
		return v, err
	}
	v, err := m.source()
	if m.mark == nil || err == nil && kindOf(v) < kindOf(m.mark) || err != nil && err != io.EOF {
		return v, err
	}
	mark := m.mark
	m.mark, m.held, m.err = nil, v, err
	return mark, nil
}

// A Check reads an archive to its end and says what it holds.
func Check(from io.Reader) (Summary, error) {
	r, err := NewReader(from)
	if err != nil {
		return Summary{}, err
	}
	for {
		if _, err := r.Next(); err == io.EOF {
			return r.Summary, nil
		} else if err != nil {
			return Summary{}, err
		}
	}
}
