// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/rate"
)

// A counting is what was gathered from the notes of verifications and not written yet.
type counting struct {
	mu    sync.Mutex
	lines map[lineKey]line
	waits int64                  // verifications in lines
	ended map[endedKey]string    // uses that were refused in a way that leaves an event, and in which keyspace
	old   map[keywright.Hash]Use // last uses of secrets that were rotated out

	// What follows is touched by who writes alone.

	meters map[rate.Key]time.Time        // those whose state is to be written; not cleared but by writing
	nameOf func(uint32) string           // of a keyspace
	totals map[string][len(codes)]uint64 // of each keyspace, as they were when last written
	rest   int                           // in how many seconds nothing is written
}

// A lineKey tells what is counted together: verifications by one secret, in one hour, that ended at one step. A note
// costs one look into a map of these. The fields leave no gaps, so that it is hashed at once.
type lineKey struct {
	hash keywright.Hash
	hour int32 // since 1970
	step uint32
}

// A line is what was counted. It has no pointers, so that no collection has to read millions.
type line struct {
	id    keywright.KeyID
	from  [16]byte
	last  int64 // nanoseconds since 1970
	count int64
	cost  int64 // of those that were VALID
	space uint32
	flags uint8 // of the last
}

type endedKey struct {
	key  keywright.KeyID
	step uint8
}

func newCounting(nameOf func(uint32) string) *counting {
	return &counting{
		lines: map[lineKey]line{}, ended: map[endedKey]string{}, old: map[keywright.Hash]Use{},
		nameOf: nameOf, totals: map[string][len(codes)]uint64{}, meters: map[rate.Key]time.Time{},
	}
}

// gather counts what was noted.
func (a *Authority) gather() {
	now := a.now()
	c := a.counted
	c.mu.Lock()
	defer c.mu.Unlock()
	nanos, hour := now.UnixNano(), int32(now.Unix()/3600)
	a.uses.turnPages(func(u *use) { c.count(u, nanos, hour) })
}

func (c *counting) count(u *use, now int64, hour int32) {
	if u.id.IsZero() {
		return // no key was found
	}
	k := lineKey{u.hash, hour, uint32(u.step)}
	l := c.lines[k]
	l.id, l.space, l.from, l.flags, l.last = u.id, u.space, u.from, u.flags, now
	l.count++
	c.waits++
	switch u.step {
	case stepValid:
		l.cost += u.cost
		if u.flags&usePrevious != 0 {
			c.old[u.hash] = l.use(u.hash)
		}
	case stepRevoked, stepExpired, stepLimit, stepCredits:
		c.ended[endedKey{u.id, u.step}] = c.nameOf(u.space)
	}
	c.lines[k] = l
}

func (l *line) use(hash keywright.Hash) Use {
	u := Use{Key: l.id, Hash: hash, Time: time.Unix(0, l.last).UTC()}
	if l.flags&useFrom != 0 {
		u.From = netip.AddrFrom16(l.from).Unmap()
	}
	return u
}

// take hands out the lines. Those to come will be about as many.
func (c *counting) take() map[lineKey]line {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := c.lines
	c.waits = 0
	c.lines = make(map[lineKey]line, len(lines))
	return lines
}

// restore puts back what could not be written.
func (c *counting) restore(lines map[lineKey]line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, l := range lines {
		c.waits += l.count
		if newer, ok := c.lines[k]; ok {
			newer.count, newer.cost = newer.count+l.count, newer.cost+l.cost
			l = newer
		}
		c.lines[k] = l
	}
}

// Flush writes what was counted, as is done every second, or less often where that takes long.
func (a *Authority) Flush(ctx context.Context) error {
	a.flushing.Lock()
	defer a.flushing.Unlock()
	a.gather()
	return errors.Join(a.writeCounts(ctx), a.follow(ctx))
}

// flushInTurn does every second what Flush does, but leaves out the writing for a while after one that took long.
func (a *Authority) flushInTurn(ctx context.Context) error {
	a.flushing.Lock()
	defer a.flushing.Unlock()
	a.gather()
	if c := a.counted; c.rest > 0 {
		c.rest--
		return a.follow(ctx)
	}
	start := a.now()
	err := a.writeCounts(ctx)
	a.counted.rest = restAfter(a.now().Sub(start))
	return errors.Join(err, a.follow(ctx))
}

// maxRest is how many seconds the writing of counts rests at most.
const maxRest = 10

// restAfter returns in how many seconds nothing is written after a writing that took so long: it shall take a fifth of
// the time of one processor, whatever the number of keys.
func restAfter(took time.Duration) int {
	return int(min(max(5*took-1, 0)/time.Second, maxRest))
}

// writeCounts writes what was gathered.
func (a *Authority) writeCounts(ctx context.Context) error {
	c := a.counted
	lines := c.take()
	t := Tally{Now: a.now(), Forget: a.now().Add(-usageLife)}
	totals := a.spaceUsage(&t)
	t.add(lines, c.nameOf)
	a.meters.Dirty(func(key rate.Key, full int64) { c.meters[key] = time.Unix(0, full).UTC() })
	for id, full := range c.meters {
		t.Meters = append(t.Meters, Meter{ID: id, Full: full})
	}
	if len(t.Usage)+len(t.Uses)+len(t.Meters) > 0 {
		if err := a.store.Count(ctx, t); err != nil {
			c.restore(lines)
			return fromStore(err)
		}
	}
	clear(c.meters)
	c.totals = totals
	return nil
}

// waiting returns how many verifications are gathered and not written.
func (c *counting) waiting() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.waits)
}

// add adds lines to a tally: of each its usage, and of those that were VALID the last use.
func (t *Tally) add(lines map[lineKey]line, nameOf func(uint32) string) {
	t.Usage = slices.Grow(t.Usage, len(lines))
	t.Uses = slices.Grow(t.Uses, len(lines))
	for k, l := range lines {
		t.Usage = append(t.Usage, Usage{
			Keyspace: nameOf(l.space), Key: l.id, Hour: time.Unix(int64(k.hour)*3600, 0).UTC(), Code: codes[k.step], Count: l.count, Cost: l.cost,
		})
		if k.step == stepValid {
			t.Uses = append(t.Uses, l.use(k.hash))
		}
	}
}

// follow does what follows from what was gathered, but for the writing of counts.
func (a *Authority) follow(ctx context.Context) error {
	c := a.counted
	c.mu.Lock()
	ended, old := c.ended, c.old
	c.ended, c.old = map[endedKey]string{}, map[keywright.Hash]Use{}
	c.mu.Unlock()
	a.extendGraces(old)
	return errors.Join(a.noteEnded(ctx, ended), a.noteLow(ctx), a.lookAtStrangers(ctx), a.noteRefused(ctx), a.noteDecoys(ctx))
}
