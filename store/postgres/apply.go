// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// copyFrom is how many new rows go by COPY. It costs one round trip more than a batch, and much less for each row.
const copyFrom = 64

// Apply writes a change in one transaction, its puts in their order. After a nil error the events in c have their
// sequence and their hashes; after any other, c is as it was, and nothing of it is in the store unless the connection
// was lost while the server committed.
//
// Once the commit has begun, the context is no longer looked at for some seconds: the answer then says what happened.
func (s *Store) Apply(ctx context.Context, c authority.Change) error {
	done, err := s.nodes.turn(ctx)
	if err != nil {
		return s.writeError(err)
	}
	defer done()
	var events []authority.Event
	err = s.transact(ctx, func(t *transaction) (err error) {
		if events, err = t.write(c); err != nil || !c.Urgent || s.nodes == nil || !s.nodes.listening.able {
			return err
		}
		_, err = t.tx.Exec(ctx, "SELECT pg_notify($1, '')", s.nodes.listening.channel)
		return err
	})
	if err != nil {
		return err
	}
	if n := len(events); n > 0 {
		s.hold.wrote(head{events[n-1].Sequence, events[n-1].Hash})
	}
	copy(c.Events, events)
	return nil
}

// write does all of a change but the commit, and returns its events as they are now in the chain.
func (t *transaction) write(c authority.Change) ([]authority.Event, error) {
	if err := t.readPremises(c); err != nil {
		return nil, err
	}
	for _, b := range c.Based {
		if t.versions[b.Keyspace] != b.Version {
			return nil, &authority.ConflictError{What: "version"}
		}
	}
	for _, p := range c.Puts {
		if err := t.put(p); err != nil {
			return nil, err
		}
	}
	if err := t.sendFresh(); err != nil {
		return nil, err
	}
	events, err := t.appendEvents(c.Events)
	if err != nil {
		return nil, err
	}
	return events, t.flush()
}

func (t *transaction) put(p authority.Put) error {
	switch p := p.(type) {
	case *authority.Record:
		return t.putRecord(p)
	case *authority.Keyspace:
		return t.putKeyspace(p)
	case *authority.Owner:
		return t.putOwner(p)
	case *authority.Item:
		return t.putItem(p)
	case *authority.Answer:
		return t.putAnswer(p)
	case *authority.Move:
		return t.move(p)
	case *authority.Checkpoint:
		return t.putCheckpoint(p)
	case *authority.Erasure:
		return t.erase(p)
	case *authority.Prune:
		return t.prune(p)
	case *authority.Removal:
		return t.remove(p)
	}
	return fmt.Errorf("cannot put a %T", p)
}

// appendEvents links events to the last one in the chain.
func (t *transaction) appendEvents(events []authority.Event) ([]authority.Event, error) {
	if len(events) == 0 {
		return nil, nil
	}
	linked, rows := make([]authority.Event, len(events)), make([][]any, len(events))
	for i, e := range events {
		e.Link(t.head.sequence+1, t.head.hash)
		row, err := eventRow(&e)
		if err != nil {
			return nil, err
		}
		linked[i], rows[i] = e, row
		t.head = head{e.Sequence, e.Hash}
	}
	t.queue(moveHeadSQL, int64(t.head.sequence), t.head.hash[:])
	return linked, t.insertMany("events", eventColumns, insertEventSQL, rows)
}

// insertMany queues a few rows, or copies many. Rows that follow must not meet those that are queued before: a copy
// goes behind the queue.
func (t *transaction) insertMany(table string, columns []string, statement string, rows [][]any) error {
	if len(rows) < copyFrom {
		for _, row := range rows {
			t.queue(statement, row...)
		}
		return nil
	}
	if err := t.flush(); err != nil {
		return err
	}
	return t.copy(table, columns, rows)
}

var eventColumns = []string{
	"sequence", "time", "actor", "verb", "target", "keyspace", "request", "changes", "personal", "previous", "hash",
}

// eventRow are the values of eventColumns.
func eventRow(e *authority.Event) ([]any, error) {
	err := column.CheckTexts("actor", e.Actor, "verb", e.Verb, "target", e.Target, "keyspace", e.Keyspace, "request", e.Request)
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	changes, err := column.List("changes", e.Changes)
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	personal, err := column.Personal(e.Personal)
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	return []any{
		int64(e.Sequence), e.Time.UnixMilli(), e.Actor, e.Verb, e.Target, e.Keyspace, e.Request, changes, personal,
		e.Previous[:], e.Hash[:],
	}, nil
}
