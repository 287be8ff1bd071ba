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
	f := &freezer{reader: r, mark: authority.Freeze(now)}
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

// A freezer puts the mark in its place among the items. That of an archive of a store that was frozen itself is left out, and so are sessions.
type freezer struct {
	reader *Reader
	mark   *authority.Item // nil: it was given
	held   any             // what comes behind the mark
	err    error
}

func (f *freezer) next() (any, error) {
	if f.held != nil || f.err != nil {
		v, err := f.held, f.err
		f.held, f.err = nil, nil
		return v, err
	}
	for {
		v, err := f.reader.Next()
		if item, ok := v.(*authority.Item); ok && (item.IsFreeze() || item.IsSession()) {
			continue
		}
		if f.mark == nil || err == nil && kindOf(v) < kindOf(f.mark) || err != nil && err != io.EOF {
			return v, err
		}
		mark := f.mark
		f.mark, f.held, f.err = nil, v, err
		return mark, nil
	}
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
