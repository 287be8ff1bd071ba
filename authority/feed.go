// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"
)

const (
	// MaxFeedWait is how long an answer of the feed waits for something to tell.
	MaxFeedWait = time.Minute

	// feedKeeps is how long the feed tells of what was taken away: as long as a token can live that knew nothing of it, and
	// some more.
	feedKeeps = MaxTokenLife + 15*time.Minute

	feedPage  = 1000
	feedReads = 20 // pages of events for one answer
)

// A FeedQuery asks what was taken away in a keyspace.
type FeedQuery struct {
	Keyspace string        // default, or the one that the caller is bound to
	After    uint64        // the cursor of the answer before; 0: everything that a token can have missed
	Wait     time.Duration // for something to tell, at most MaxFeedWait; 0: not
}

// A Feed is what was taken away: all of it behind From, up to Cursor, unless there is more. It is true as of a moment not
// before it was asked for: what a verb took away that had returned by then is in it, or in an answer before.
//
// A token names the event as of which its key was judged. It is dead if an entry behind that one concerns it; if it is one
// before From of the first answer, nobody can tell; if Keys does not hold the key that signed it.
type Feed struct {
	Entries []Taken // by sequence
	From    uint64  // After, unless that is too long ago, or of another history of the store: then begin anew
	Cursor  uint64
	More    bool // ask again at once
	AsOf    time.Time
	Keys    []string // the kid of every key whose tokens can be valid
}

// Revocations returns what was taken away from keys of a keyspace. While ctx lasts it waits for something to tell, as
// long as it is asked to; when ctx ends, it answers with what it has.
func (a *Authority) Revocations(ctx context.Context, c Caller, q FeedQuery) (Feed, error) {
	q.Keyspace = c.keyspace(q.Keyspace)
	if err := c.may(ScopeVerify, q.Keyspace); err != nil {
		return Feed{}, err
	}
	switch {
	case c.owner != "":
		return Feed{}, denied("the caller is bound to an owner, and the feed tells of the keys of all", "use a service key that is not bound to an owner")
	case q.Wait < 0 || q.Wait > MaxFeedWait:
		return Feed{}, invalid("wait", "is not between 0s and 60s", "ask again when the answer is there")
	case a.space(q.Keyspace) == nil:
		return Feed{}, unknown("keyspace", "list the keyspaces to see them")
	}
	waited := time.NewTimer(q.Wait)
	defer waited.Stop()
	var before *Feed
	for {
		act := a.acting.next()
		f, err := a.readFeed(context.WithoutCancel(ctx), q)
		if err != nil {
			return Feed{}, err
		}
		if before != nil && f.From == before.Cursor {
			f.From = before.From
		}
		if len(f.Entries) > 0 || f.More || q.Wait == 0 || before == nil && f.From != q.After {
			return f, nil
		}
		q.After, before = f.Cursor, &f
		select {
		case <-act:
		case <-waited.C:
			q.Wait = 0
		case <-ctx.Done():
			return f, nil
		}
	}
}

// readFeed reads what is behind a cursor.
func (a *Authority) readFeed(ctx context.Context, q FeedQuery) (Feed, error) {
	if err := a.current(); err != nil {
		return Feed{}, err
	}
	f := Feed{AsOf: a.now()}
	var err error
	if f.From, err = a.feedFrom(ctx, q.After); err != nil {
		return Feed{}, err
	}
	f.Cursor = f.From
	for reads := 0; ; reads++ {
		events, err := a.store.Events(ctx, EventQuery{After: f.Cursor, Limit: feedPage})
		if err != nil {
			return Feed{}, fromStore(err)
		}
		for i := range events {
			e := &events[i]
			if e.Sequence != f.Cursor+1 { // those between were pruned
				f.From, f.Entries = e.Sequence-1, nil
			}
			f.Cursor = e.Sequence
			if taken, ok := takenBy(e); ok && (taken.Keyspace == q.Keyspace || taken.Kind == TakenAll) {
				f.Entries = append(f.Entries, taken)
			}
		}
		if len(events) < feedPage {
			break
		}
		if f.More = reads+1 >= feedReads || len(f.Entries) >= feedPage; f.More {
			break
		}
	}
	keys, err := a.KeySet(ctx)
	if err != nil {
		return Feed{}, err
	}
	f.Keys = keys.IDs()
	return f, a.current()
}

// current returns why what the store holds cannot be taken for the truth, or nil.
func (a *Authority) current() error {
	if a.frozen.Load() {
		return errFrozen
	}
	if a.lease != nil {
		return fromStore(a.lease.Lease())
	}
	return nil
}

// feedFrom returns where an answer begins: where the one before ended, if that is a place in the chain that is there.
func (a *Authority) feedFrom(ctx context.Context, after uint64) (uint64, error) {
	last, err := a.lastSequence(ctx)
	if err != nil || after != 0 && after <= last {
		return after, err
	}
	events, err := a.store.Events(ctx, EventQuery{Since: a.now().Add(-feedKeeps), Limit: 1})
	switch {
	case err != nil:
		return 0, fromStore(err)
	case len(events) > 0 && events[0].Sequence <= last:
		return events[0].Sequence - 1, nil
	}
	return last, nil
}
