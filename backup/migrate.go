// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/keywright/keywright/authority"
)

// A Movable is a store that can be moved into another one.
type Movable interface {
	authority.Store
	authority.Archiver
}

// ErrUnfinished says that a store is being filled from another one: it may not be whole, and nothing is moved out of it.
var ErrUnfinished = errors.New("the store is being filled from another one")

// A Step is a part of a migration.
type Step string

// The steps, in their order. One that goes on where an earlier one was stopped begins with CountSource.
const (
	Copy        Step = "copy"         // every value of the source is loaded into the target
	CountSource Step = "count source" // the target is loaded already: the source is read again
	CountTarget Step = "count target"
)

// A Migration says how a store is moved.
type Migration struct {
	From, To Movable // nobody else may have one of them open
	Now      time.Time
	At       func(step Step, values int) // is told how far it is; nil: nobody is
}

// Run moves a store: it loads all of one into an empty one, reads that back, compares, and only then takes away the mark with
// which nothing is judged over the target (authority.Migrating). The source is only read.
//
// It can be stopped at any moment and run again. The load is one transaction: stopped within it, the target is as empty as it
// was. Stopped behind it, the next run sees the mark, loads nothing, and compares. A target that holds something else is
// authority.ErrNotEmpty, one that is not the same a *DifferenceError; then it keeps its mark. A few
// hundred values are in memory at a time, beside what the stores themselves need.
func (m *Migration) Run(ctx context.Context) (Contents, error) {
	unfinished, err := authority.InMigration(ctx, m.From)
	if err != nil {
		return Contents{}, err
	}
	if unfinished {
		return Contents{}, ErrUnfinished
	}
	loaded, err := authority.InMigration(ctx, m.To)
	if err != nil {
		return Contents{}, err
	}
	var source *taker
	if loaded {
		source, err = m.count(ctx, m.From, CountSource)
	} else {
		source, err = m.copy(ctx)
	}
	if err != nil {
		return Contents{}, err
	}
	target, err := m.count(ctx, m.To, CountTarget)
	if err != nil {
		return Contents{}, fmt.Errorf("the copy cannot be read back: %w", err)
	}
	if err := source.compare(target); err != nil {
		return source.Contents, err
	}
	return source.Contents, authority.EndMigration(ctx, m.To, authority.Operator("migrate", authority.Origin{}), m.Now, source.lines())
}

// copy loads the source, and the mark among it, into the target.
func (m *Migration) copy(ctx context.Context) (*taker, error) {
	source := m.taker(Copy)
	s := streamOf(ctx, m.From.Dump, source)
	defer s.stop()
	mark := &marker{source: s.next, mark: authority.Migrating(m.Now)}
	return source, m.To.Load(ctx, mark.next)
}

// count reads a store.
func (m *Migration) count(ctx context.Context, store authority.Archiver, step Step) (*taker, error) {
	t := m.taker(step)
	return t, store.Dump(ctx, func(v any) error {
		_, _, err := t.take(v)
		return err
	})
}

func (m *Migration) taker(step Step) *taker {
	n := 0
	return newTaker(func() {
		if n++; m.At != nil {
			m.At(step, n)
		}
	})
}

// A stream turns a dump, which pushes, into what a load pulls from. Values go through their text, so that none is used by both
// stores at once.
type stream struct {
	ctx    context.Context
	cancel context.CancelFunc
	texts  chan text
	ended  chan error // holds what the dump returned
}

type text struct {
	kind int
	json []byte
}

// streamAhead is how many values wait between the stores.
const streamAhead = 256

func streamOf(ctx context.Context, dump authority.Dump, t *taker) *stream {
	s := &stream{texts: make(chan text, streamAhead), ended: make(chan error, 1)}
	s.ctx, s.cancel = context.WithCancel(ctx)
	go func() {
		s.ended <- dump(s.ctx, func(v any) error {
			kind, json, err := t.take(v)
			if err != nil || kind < 0 {
				return err
			}
			select {
			case s.texts <- text{kind, json}:
				return nil
			case <-s.ctx.Done():
				return s.ctx.Err()
			}
		})
		close(s.texts)
	}()
	return s
}

// next returns io.EOF behind the last value, if the dump came to its end.
func (s *stream) next() (any, error) {
	t, ok := <-s.texts
	if !ok {
		err := <-s.ended
		s.ended <- err
		if err == nil {
			err = io.EOF
		}
		return nil, err
	}
	v := kinds[t.kind].new()
	if err := decode(t.json, v); err != nil {
		return nil, fmt.Errorf("a value of kind %s cannot be moved: %w", kinds[t.kind].name, err)
	}
	return v, nil
}

// stop waits for the dump to end.
func (s *stream) stop() {
	s.cancel()
	err := <-s.ended
	s.ended <- err
}
