// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"sync"
	"time"
)

const (
	// MaxEventsWait is how long a page of events waits for one.
	MaxEventsWait = time.Minute

	newsPause = 100 * time.Millisecond // between two looks at the chain: many acts at once are told together
)

// news tells who waits that events were written, by this node or by another.
type news struct {
	mu   sync.Mutex
	next chan struct{} // closed with the next event; nil: nobody waits
}

func (n *news) wait() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next == nil {
		n.next = make(chan struct{})
	}
	return n.next
}

func (n *news) tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next != nil {
		close(n.next)
		n.next = nil
	}
}

// WaitEvents is Events from old to new that waits, as long as it is asked to and while ctx lasts, until there is one behind
// q.After. It returns the sequence behind which to go on. A caller whose service key or session has ended meanwhile is
// told nothing more.
func (a *Authority) WaitEvents(ctx context.Context, c Caller, q EventQuery, wait time.Duration) ([]Event, uint64, error) {
	switch {
	case q.Descending:
		return nil, 0, invalid("wait", "goes with order=asc alone", "ask for events from old to new, behind a cursor")
	case wait < 0 || wait > MaxEventsWait:
		return nil, 0, invalid("wait", "is not between 0s and 60s", "ask again when the answer is there")
	}
	given := context.WithoutCancel(ctx)
	waited := time.NewTimer(wait)
	defer waited.Stop()
	for last := wait == 0; ; {
		news := a.store.news.wait()
		head, err := a.lastSequence(given)
		if err != nil {
			return nil, 0, err
		}
		events, err := a.Events(given, c, q)
		if err != nil {
			return nil, 0, err
		}
		if n := len(events); n > 0 || last {
			if n > 0 {
				q.After = events[n-1].Sequence
			}
			return events, q.After, a.still(given, c)
		}
		q.After = max(q.After, head) // nothing up to there is asked for
		select {
		case <-news:
			time.Sleep(newsPause)
		case <-waited.C:
			last = true
		case <-ctx.Done():
			last = true
		}
	}
}

// still refuses a caller whose service key may not be used any more, or whose session has ended.
func (a *Authority) still(ctx context.Context, c Caller) error {
	if c.key.IsZero() {
		return nil
	}
	gone, err := a.unusable(ctx, c.key)
	if err == nil && !gone && c.session != "" {
		var page Page
		page, err = a.store.List(ctx, Query{Of: Items, Item: itemSession, Name: c.session})
		gone = len(page.Items) == 0
	}
	switch {
	case err != nil:
		return fromStore(err)
	case gone && c.session != "":
		return errOver
	case gone:
		return errNoService
	}
	return nil
}
