// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// leaksTogether is how many keys one change is about: enough that a batch is quick, and few enough that other writes get
// their turn.
const leaksTogether = 250

// A LeakedKey is a key that was seen where it must not be. It is looked for by itself and by nothing else: what the finder
// takes it for may be wrong.
type LeakedKey struct {
	Key    keywright.Secret
	URL    string    // where
	Source string    // what kind of place that is
	Found  time.Time // when; zero: not known
}

// A LeakResult is what became of one key that was reported.
type LeakResult struct {
	Leak     string          // its id; empty: the key is unknown, and nothing is kept of it
	Key      keywright.KeyID // of the record
	State    State           // of the secret before this report; empty: it is unknown
	Action   string
	RevokeAt time.Time
}

// ReportLeaks takes note of keys that were seen where they must not be, and does with those that are known what the policy of
// their keyspace says. The reporter is how sightings name who found them; empty: the caller. A repeat changes nothing. An
// error means that nothing is known of those that have no result: report them again.
func (a *Authority) ReportLeaks(ctx context.Context, c Caller, reporter string, list []LeakedKey) ([]LeakResult, error) {
	if err := c.May(ScopeLeaksReport); err != nil {
		return nil, err
	}
	if len(list) > maxLeaks {
		return nil, tooManyLeaks()
	}
	for i := range list {
		if err := list[i].check(fmt.Sprintf("leaks[%d].", i)); err != nil {
			return nil, err
		}
	}
	if reporter == "" {
		reporter = c.Actor()
	}
	b := leakBatch{authority: a, caller: c, reporter: reporter, list: list, now: a.now(), results: make([]LeakResult, len(list))}
	found, err := b.locateAll(ctx)
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(found, leaksTogether) {
		if err := b.write(ctx, part); err != nil {
			return nil, err
		}
	}
	if err := a.everywhere(ctx); err != nil { // what had ended may have a moment ago, on another node
		return nil, fromStore(err)
	}
	return b.results, nil
}

func tooManyLeaks() error {
	return invalid("leaks", fmt.Sprintf("has more than %d entries", maxLeaks), "send them in several requests: what is reported twice changes nothing")
}

func (l *LeakedKey) check(field string) error {
	switch {
	case l.Key.IsZero():
		return invalid(field+"key", "is missing", "give the key that was found")
	case len(l.URL) > maxURL:
		return invalid(field+"url", "is longer than 2048 characters", "cut it, or leave it out")
	case len(l.Source) > maxSource:
		return invalid(field+"source", "is longer than 64 characters", "use a word such as scan, commit or gist_content")
	case strings.ContainsFunc(l.URL+l.Source, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return invalid(field+"url", "or source holds control characters", "leave them out")
	}
	return nil
}

// sighting is what is kept of a report: never the key, which may be a part of the address it was seen at.
func (l *LeakedKey) sighting(reporter string, now time.Time) Sighting {
	hide := func(text string) string { return strings.ReplaceAll(text, l.Key.Reveal(), "[key]") }
	s := Sighting{Source: hide(l.Source), URL: hide(l.URL), Reporter: reporter, Reported: now}
	if s.Source == "" {
		s.Source = "unknown"
	}
	if !l.Found.IsZero() && l.Found.Before(now) { // else the clock of the finder is wrong
		s.Found = l.Found.UTC().Truncate(time.Millisecond)
	}
	return s
}

// A leakBatch is a report on its way.
type leakBatch struct {
	authority *Authority
	caller    Caller
	reporter  string
	list      []LeakedKey
	now       time.Time
	results   []LeakResult
}

// leakedOf is the record that some of the keys of a report are of.
type leakedOf struct {
	id   keywright.KeyID
	keys []leakedAt
}

type leakedAt struct {
	place int            // in the report
	hash  keywright.Hash // of the secret, as the record has it
}

// locateAll looks for each key, and returns those that are known by their records, in the order in which they come first.
func (b *leakBatch) locateAll(ctx context.Context) (found []*leakedOf, err error) {
	of := map[keywright.KeyID]*leakedOf{}
	for i := range b.list {
		b.results[i].Action = LeakNone
		id, hash, err := b.authority.locate(ctx, b.caller, b.list[i].Key)
		if err != nil {
			return nil, err
		}
		if id.IsZero() {
			continue
		}
		if of[id] == nil {
			of[id] = &leakedOf{id: id}
			found = append(found, of[id])
		}
		of[id].keys = append(of[id].keys, leakedAt{i, hash})
	}
	return found, nil
}

// locate looks for a key in every keyspace that the caller is bound to, the way that verifications look for it, and returns
// the id of its record and the hash of its secret; the zero id: there is none. Nothing is counted as a use.
func (a *Authority) locate(ctx context.Context, c Caller, key keywright.Secret) (keywright.KeyID, keywright.Hash, error) {
	if err := a.mayJudge(); err != nil {
		return keywright.KeyID{}, keywright.Hash{}, err
	}
	var id keywright.KeyID
	var hash keywright.Hash
	for name, s := range *a.spaces.Load() {
		if !c.bound(name) {
			continue
		}
		j := judgement{authority: a, space: s, only: c.owner}
		if err := j.find(ctx, key); err != nil {
			return keywright.KeyID{}, hash, err
		}
		if j.found {
			id, hash = j.id, j.stored
		}
	}
	return id, hash, a.mayJudge() // a lease that ended meanwhile
}

// mayJudge returns why nothing can be judged now, or nil.
func (a *Authority) mayJudge() error {
	if err := a.Frozen(); err != nil {
		return err
	}
	if a.lease == nil {
		return nil
	}
	return fromStore(a.lease.Lease())
}

// write does what is to be done about some records in one change.
func (b *leakBatch) write(ctx context.Context, part []*leakedOf) error {
	ids := make([]keywright.KeyID, len(part))
	for i, of := range part {
		ids[i] = of.id
	}
	defer b.authority.lockAll(ids)()
	for tries := 0; ; tries++ {
		err := b.tryWrite(ctx, part)
		if !errors.Is(err, ErrConflict) || tries == 3 {
			return fromStore(err)
		}
	}
}

func (b *leakBatch) tryWrite(ctx context.Context, part []*leakedOf) error {
	var all leakActs
	for _, of := range part {
		page, err := b.authority.store.List(ctx, Query{ID: of.id})
		if err != nil {
			return err
		}
		if len(page.Records) == 0 {
			continue // a record is never deleted; if it were, nothing could be done about it
		}
		one := leakActs{record: &page.Records[0]}
		for _, at := range of.keys {
			if err := b.act(ctx, &one, at); err != nil {
				return err
			}
		}
		if err := all.join(&one); err != nil {
			return err
		}
	}
	if len(all.change.Puts) == 0 {
		return nil
	}
	if err := b.authority.commit(ctx, all.change, all.records...); err != nil {
		return err
	}
	b.authority.watch(keysOf(all.leaks))
	for _, l := range all.leaks {
		b.authority.leaks.put(l, b.now) // which is over: when its record ends is learned then
	}
	return nil
}

func keysOf(leaks []*Leak) []keywright.KeyID {
	ids := make([]keywright.KeyID, len(leaks))
	for i, l := range leaks {
		ids[i] = l.Key
	}
	return ids
}

// lockAll locks several records in one order, so that nobody waits for somebody who waits for them.
func (a *Authority) lockAll(ids []keywright.KeyID) func() {
	var held [64]bool
	for _, id := range ids {
		held[id[15]%byte(len(a.records))] = true
	}
	for i := range held {
		if held[i] {
			a.records[i].Lock()
		}
	}
	return func() {
		for i := range held {
			if held[i] {
				a.records[i].Unlock()
			}
		}
	}
}
