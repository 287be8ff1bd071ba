// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"
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
	After    string        // the cursor of the answer before; empty: everything that a token can have missed
	Wait     time.Duration // for something to tell, at most MaxFeedWait; 0: not
}

// A Feed is what was taken away: all of it behind From, up to Cursor, unless there is more. It is true as of a moment not
// before it was asked for: what a verb took away that had returned by then is in it, or in an answer before.
//
// A token names the event as of which its key was judged. It is dead if an entry behind that one concerns it; if that one is
// before From of an answer that begins, for then nobody can tell; or if Keys does not hold the key that signed it.
type Feed struct {
	Entries []Taken // by sequence
	Begins  bool    // there is nothing that goes before: no cursor was given, or what follows it is gone. Forget what you know
	From    uint64  // entries of all events with a higher sequence are here
	Cursor  string  // the place in the chain up to which it goes
	More    bool    // ask again at once
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
	for from := uint64(0); ; {
		act := a.acting.next()
		f, err := a.readFeed(context.WithoutCancel(ctx), q)
		if err != nil {
			return Feed{}, err
		}
		if from != 0 && !f.Begins {
			f.From = from
		}
		if len(f.Entries) > 0 || f.More || f.Begins || q.Wait == 0 {
			return f, nil
		}
		q.After, from = f.Cursor, f.From
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
	at, err := a.feedFrom(ctx, q.After, &f)
	if err != nil {
		return Feed{}, err
	}
	f.From = at.sequence
	for reads := 1; ; reads++ {
		events, err := a.store.Events(ctx, EventQuery{After: at.sequence, Limit: feedPage})
		if err != nil {
			return Feed{}, fromStore(err)
		}
		for i := range events {
			e := &events[i]
			if e.Sequence != at.sequence+1 { // those between were pruned
				f.Begins, f.From, f.Entries = true, e.Sequence-1, nil
			}
			at = placeOf(e)
			if taken, ok := takenBy(e); ok && (taken.Keyspace == q.Keyspace || taken.Kind == TakenAll) {
				f.Entries = append(f.Entries, taken)
			}
		}
		if f.More = len(events) == feedPage; !f.More || reads == feedReads || len(f.Entries) >= feedPage {
			break
		}
	}
	f.Cursor = at.String()
	a.acting.asOf(a.reached(at.sequence))
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

// feedFrom returns where an answer begins: where the one before ended, if that is a place of the chain that is there; or
// where the events begin that a token can have missed.
func (a *Authority) feedFrom(ctx context.Context, cursor string, f *Feed) (place, error) {
	if cursor != "" {
		at, err := parsePlace(cursor)
		if err != nil {
			return place{}, err
		}
		events, err := a.store.Events(ctx, EventQuery{After: at.sequence - 1, Before: at.sequence + 1, Limit: 1})
		if err != nil {
			return place{}, fromStore(err)
		}
		if len(events) == 1 && placeOf(&events[0]) == at {
			return at, nil
		}
	}
	f.Begins = true
	for _, q := range []EventQuery{{Since: a.now().Add(-feedKeeps), Limit: 1}, {Descending: true, Limit: 1}} {
		events, err := a.store.Events(ctx, q)
		switch {
		case err != nil:
			return place{}, fromStore(err)
		case len(events) == 0:
		case q.Descending:
			return placeOf(&events[0]), nil
		default:
			return place{sequence: events[0].Sequence - 1}, nil
		}
	}
	return place{}, nil
}

// A place is an event of one history of the chain: a store that was restored has other events of the same sequences.
type place struct {
	sequence uint64
	mark     [8]byte // of the hash of the event
}

func placeOf(e *Event) place { return place{e.Sequence, [8]byte(e.Hash[:8])} }

func (p place) String() string {
	return strconv.FormatUint(p.sequence, 10) + "-" + hex.EncodeToString(p.mark[:])
}

func parsePlace(s string) (p place, err error) {
	number, mark, _ := strings.Cut(s, "-")
	if p.sequence, err = strconv.ParseUint(number, 10, 63); err == nil && len(mark) == hex.EncodedLen(len(p.mark)) && p.sequence > 0 {
		_, err = hex.Decode(p.mark[:], []byte(mark))
	} else {
		err = strconv.ErrSyntax
	}
	if err != nil {
		return place{}, invalid("after", "is not a cursor", "send the cursor of the answer before as it is, or leave it out")
	}
	return p, nil
}
