// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// leastForgotten is how many lines of usage, and how many meters, a tally may delete. One that brings more may delete
// more: what comes must not be more than what can go.
const leastForgotten = 256

// Count adds and replaces, all of a tally or nothing, and deletes a part of what may be forgotten. It does not wait for
// the disk.
func (s *Store) Count(ctx context.Context, c authority.Tally) error {
	for i := range c.Usage {
		if err := column.CheckTexts("keyspace", c.Usage[i].Keyspace, "code", string(c.Usage[i].Code)); err != nil {
			return fmt.Errorf("cannot write to the store in %s: usage: %w", s.where, err)
		}
	}
	return s.transact(ctx, func(t *transaction) error { return t.count(&c) })
}

func (t *transaction) count(c *authority.Tally) error {
	t.queue("SET LOCAL synchronous_commit = off")
	t.compareEpoch()
	t.addUsage(c.Usage)
	t.putUses(c.Uses)
	t.putMeters(c.Meters)
	if !c.Forget.IsZero() {
		t.queue(forgetUsageSQL, column.Millis(c.Forget), max(leastForgotten, 2*len(c.Usage)))
	}
	if !c.Now.IsZero() {
		t.queue(forgetMetersSQL, column.Nanos(c.Now), max(leastForgotten, 2*len(c.Meters)))
	}
	return t.flush()
}

// A usageLine is what lines of usage are told apart by.
type usageLine struct {
	key      keywright.KeyID
	hour     int64
	code     keywright.Code
	keyspace string
}

func (l usageLine) compare(m usageLine) int {
	return cmp.Or(bytes.Compare(l.key[:], m.key[:]), cmp.Compare(l.hour, m.hour), cmp.Compare(l.code, m.code),
		cmp.Compare(l.keyspace, m.keyspace))
}

// addUsage adds up what is of one line, as a statement may touch a row once, and sorts: rows that lie together are
// written together, and no two statements wait for each other.
func (t *transaction) addUsage(usage []authority.Usage) {
	if len(usage) == 0 {
		return
	}
	sums := make(map[usageLine]authority.Usage, len(usage))
	for _, u := range usage {
		l := usageLine{u.Key, column.Millis(u.Hour), u.Code, u.Keyspace}
		sum := sums[l]
		sum.Count += u.Count
		if sum.Cost += u.Cost; sum.Cost < 0 {
			sum.Cost = 1<<63 - 1
		}
		sums[l] = sum
	}
	var keys []pgtype.UUID
	var codes, keyspaces []string
	var hours, counts, costs []int64
	for _, l := range sorted(sums, usageLine.compare) {
		keys, hours = append(keys, uuid(l.key)), append(hours, l.hour)
		codes, keyspaces = append(codes, string(l.code)), append(keyspaces, l.keyspace)
		counts, costs = append(counts, sums[l].Count), append(costs, sums[l].Cost)
	}
	t.queue(addUsageSQL, keys, hours, codes, keyspaces, counts, costs)
}

// sorted returns the keys of a map in order.
func sorted[K comparable, V any](m map[K]V, compare func(K, K) int) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compare)
	return keys
}

// A useLine is what uses are told apart by.
type useLine struct {
	key  keywright.KeyID
	hash keywright.Hash
}

func (l useLine) compare(m useLine) int {
	return cmp.Or(bytes.Compare(l.key[:], m.key[:]), bytes.Compare(l.hash[:], m.hash[:]))
}

func (t *transaction) putUses(uses []authority.Use) {
	if len(uses) == 0 {
		return
	}
	last := make(map[useLine]authority.Use, len(uses))
	for _, u := range uses {
		l := useLine{u.Key, u.Hash}
		if before, ok := last[l]; !ok || column.Millis(before.Time) < column.Millis(u.Time) {
			last[l] = u
		}
	}
	var keys []pgtype.UUID
	var hashes [][]byte
	var times []int64
	var sources []string
	for _, l := range sorted(last, useLine.compare) {
		keys, hashes = append(keys, uuid(l.key)), append(hashes, l.hash[:])
		times, sources = append(times, column.Millis(last[l].Time)), append(sources, column.Addr(last[l].From))
	}
	t.queue(putUsesSQL, keys, hashes, times, sources)
}

func (t *transaction) putMeters(meters []authority.Meter) {
	if len(meters) == 0 {
		return
	}
	last := make(map[[24]byte]time.Time, len(meters))
	for _, m := range meters {
		last[m.ID] = m.Full
	}
	var ids [][]byte
	var full []int64
	for _, id := range sorted(last, func(a, b [24]byte) int { return bytes.Compare(a[:], b[:]) }) {
		ids, full = append(ids, id[:]), append(full, column.Nanos(last[id]))
	}
	t.queue(putMetersSQL, ids, full)
}
