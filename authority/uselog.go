// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

const (
	useStripes = 8
	usePage    = 1024
	usePages   = 256 // full pages that may wait to be counted: beyond that, verifications wait
)

// A use is what is noted of one verification of a known key.
type use struct {
	id    keywright.KeyID
	hash  keywright.Hash // of the secret, as its record has it
	from  [16]byte
	space uint32 // the number of the keyspace
	step  uint8
	flags uint8
	cost  int64
	ready atomic.Uint32 // the rest is written
}

// The flags of a use.
const (
	useFrom     = 1 << iota // from is known
	usePrevious             // by a secret that was rotated out
)

// A useLog takes notes of verifications, one behind the other, so that a verification writes to memory that is at hand
// and counting, which has to look up every key again, is done by somebody else. A note costs no lock, but every
// 1,024th of a stripe takes one to begin a new page.
type useLog struct {
	stripes [useStripes]struct {
		page atomic.Pointer[usePageOf]
		turn sync.Mutex
		_    [40]byte // a cache line for each
	}
	pool sync.Pool
	full chan *usePageOf

	closed chan struct{}
}

type usePageOf struct {
	next atomic.Uint32
	uses [usePage]use
}

func newUseLog() *useLog {
	l := &useLog{full: make(chan *usePageOf, usePages), closed: make(chan struct{})}
	l.pool.New = func() any { return new(usePageOf) }
	for i := range l.stripes {
		l.stripes[i].page.Store(l.fresh())
	}
	return l
}

func (l *useLog) fresh() *usePageOf {
	page := l.pool.Get().(*usePageOf)
	page.next.Store(0)
	return page
}

// note writes down a verification.
func (j *judgement) note(step int, ask *keywright.Ask) {
	l := j.authority.uses
	j.space.counts.stripes[j.hash[0]&15].n[step].Add(1)
	if !j.found {
		j.noteStranger(ask) // and a note as of any other, which is not counted: the time of a refusal tells nothing
	}
	j.noteLeaked(ask)
	u := l.claim(j.hash[0] % useStripes)
	u.id, u.hash, u.space, u.step, u.cost, u.flags = j.id, j.stored, j.space.number, uint8(step), max(ask.Cost, 1), 0
	if j.state.Has(table.Previous) {
		u.flags |= usePrevious
	}
	if ask.ClientIP.IsValid() {
		u.from = ask.ClientIP.As16()
		u.flags |= useFrom
	}
	u.ready.Store(1)
}

// claim returns a line to write to.
func (l *useLog) claim(stripe byte) *use {
	s := &l.stripes[stripe]
	for {
		page := s.page.Load()
		if n := page.next.Add(1); n <= usePage {
			return &page.uses[n-1]
		}
		s.turn.Lock()
		if s.page.Load() == page {
			s.page.Store(l.fresh())
			s.turn.Unlock()
			select {
			case l.full <- page:
			case <-l.closed: // nobody counts any more
			}
			continue
		}
		s.turn.Unlock()
	}
}

// turnPages brings all lines that were written to count: full pages, and those that were begun.
func (l *useLog) turnPages(count func(*use)) {
	for {
		select {
		case page := <-l.full:
			l.read(page, count)
			continue
		default:
		}
		break
	}
	for i := range l.stripes {
		s := &l.stripes[i]
		s.turn.Lock()
		page := s.page.Load()
		if page.next.Load() == 0 {
			s.turn.Unlock()
			continue
		}
		s.page.Store(l.fresh())
		s.turn.Unlock()
		l.read(page, count)
	}
}

// waiting returns how many notes nobody has counted yet, nearly: it takes no lock.
func (l *useLog) waiting() int {
	n := len(l.full) * usePage
	for i := range l.stripes {
		n += int(min(l.stripes[i].page.Load().next.Load(), usePage))
	}
	return n
}

// read counts a page that nobody gets lines of any more, once those who have one are done, and keeps it for later.
func (l *useLog) read(page *usePageOf, count func(*use)) {
	n := min(page.next.Swap(usePage+1), usePage) // who still holds the page must look again
	for i := range n {
		u := &page.uses[i]
		for u.ready.Load() == 0 {
			runtime.Gosched()
		}
		count(u)
		u.ready.Store(0)
	}
	l.pool.Put(page)
}
