// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

// leakReason is why a key was revoked that a report ended.
const leakReason = "leaked"

// leakActs are the acts about the leaks of one record, and then of several, that become one change.
type leakActs struct {
	record  *Record // of the one
	taken   bool    // it changed
	leaks   []*Leak
	puts    []*Leak // those of leaks that changed
	events  []Event
	change  Change
	records []*Record // that changed
}

// join adds the acts about one record to those about others.
func (all *leakActs) join(one *leakActs) error {
	if one.taken {
		one.record.Version++
		all.records = append(all.records, one.record)
		all.change.Puts = append(all.change.Puts, one.record)
	}
	for _, l := range one.puts {
		item, err := l.put()
		if err != nil {
			return err
		}
		l.version++
		all.change.Puts = append(all.change.Puts, item)
	}
	all.leaks = append(all.leaks, one.leaks...)
	all.change.Events = append(all.change.Events, one.events...)
	return nil
}

// act takes note of one sighting, and does what the policy says.
func (b *leakBatch) act(ctx context.Context, one *leakActs, at leakedAt) error {
	a, r := b.authority, one.record
	place, err := b.find(ctx, r, at)
	if err != nil || place < 0 {
		return err
	}
	state, ended := a.secretState(r, place, b.now)
	l, err := b.leak(ctx, one, place)
	if err != nil {
		return err
	}
	told := l.see(b.list[at.place].sighting(b.reporter, b.now))
	before := *l
	end := b.decide(l, r, state, ended)
	b.results[at.place] = LeakResult{Leak: l.ID, Key: r.ID, State: state, Action: l.Action, RevokeAt: l.RevokeAt}
	if !told && before.Action == l.Action && before.RevokeAt.Equal(l.RevokeAt) && before.Ended.Equal(l.Ended) {
		return nil
	}
	if !slices.Contains(one.puts, l) {
		one.puts = append(one.puts, l)
	}
	if l.Total <= maxSightings || before.Action != l.Action {
		if err := b.tell(one, l, state); err != nil {
			return err
		}
	}
	switch {
	case end:
		return a.endLeak(b.caller, one, l, place, a.now())
	case !l.Ended.Equal(before.Ended) && before.version > 0:
		return a.tellLeakEnd(one, l, string(state))
	}
	return nil
}

// find returns the place of a secret in its record. One that got another hash since it was found is looked for again; -1: it
// is not there any more.
func (b *leakBatch) find(ctx context.Context, r *Record, at leakedAt) (int, error) {
	of := func(hash keywright.Hash) int {
		return slices.IndexFunc(r.Secrets, func(s StoredSecret) bool { return s.Hash == hash })
	}
	if place := of(at.hash); place >= 0 {
		return place, nil
	}
	id, hash, err := b.authority.locate(ctx, b.caller, b.list[at.place].Key)
	if err != nil || id != r.ID {
		return -1, err
	}
	return of(hash), nil
}

// leak returns the leak of a secret: as it was met before in this report, as it is stored, or a new one.
func (b *leakBatch) leak(ctx context.Context, one *leakActs, place int) (*Leak, error) {
	a, r := b.authority, one.record
	s := &r.Secrets[place]
	id := leakID(r.ID, s)
	if at := slices.IndexFunc(one.leaks, func(l *Leak) bool { return l.ID == id }); at >= 0 {
		return one.leaks[at], nil
	}
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemLeak, Name: id})
	if err != nil {
		return nil, err
	}
	l := &Leak{ID: id, Keyspace: r.Keyspace, Key: r.ID, PublicID: s.PublicID, Made: s.Created, Format: r.Format, Reported: b.now}
	if len(page.Items) > 0 {
		stored, err := openLeak(&page.Items[0])
		if err != nil {
			return nil, err
		}
		l = &stored
	}
	l.Owner = r.Owner
	if f := a.space(r.Keyspace).Format(r.Format); f != nil {
		l.Publishable = f.Publishable
	}
	one.leaks = append(one.leaks, l)
	return l, nil
}

// decide sets what is done about a leak, and reports whether its secret is to be ended now. What was decided before stands
// unless the policy asks for more by now.
func (b *leakBatch) decide(l *Leak, r *Record, state State, ended time.Time) (end bool) {
	if state == StateRevoked || state == StateExpired {
		if l.Ended.IsZero() {
			l.Ended = ended
		}
		if l.Action == "" {
			l.Action = LeakNone
		}
		return false
	}
	action, at := LeakReported, time.Time{}
	if !l.Publishable && r.Rules.Decoy == nil {
		action, at = b.authority.space(r.Keyspace).Policy.Leaks.decide(b.now)
	}
	switch {
	case action == LeakReported && l.Action == "":
		l.Action = action
	case action == LeakScheduled && l.Action != LeakScheduled:
		l.Action, l.RevokeAt = action, at.Truncate(time.Millisecond)
	case action == LeakRevoked:
		l.Action, l.RevokeAt = action, time.Time{}
		return true
	}
	return false
}

// secretState returns the state of one secret of a record, and when it ended if it did.
func (a *Authority) secretState(r *Record, place int, now time.Time) (State, time.Time) {
	switch state := r.StateAt(now); {
	case state == StateRevoked:
		return state, r.Revoked
	case state == StateExpired:
		return state, r.Expires
	case place < 0:
		return StateExpired, now // it was rotated out, and is not kept any more
	case place > 0 && !r.Secrets[place].Grace, !r.Secrets[place].Expires.IsZero() && !now.Before(r.Secrets[place].Expires):
		return StateExpired, earlier(r.Secrets[place].Expires, now)
	case state == StatePending: // it will verify
		return StateActive, time.Time{}
	default:
		return state, time.Time{}
	}
}

// endLeak ends the secret of a leak: of the current one the record is revoked; one that was rotated out ends its grace, and
// the secret that took its place goes on.
func (a *Authority) endLeak(c Caller, one *leakActs, l *Leak, place int, now time.Time) error {
	r, verb, changes := one.record, "key.revoke", []string{"revoked", "reason " + leakReason}
	if place == 0 {
		r.Revoked, r.Reason = now, leakReason
	} else {
		hash := r.Secrets[place].Hash
		verb, changes = "key.end_grace", endGraces(r, now, func(s *StoredSecret) bool { return s.Hash == hash })
	}
	event, err := a.event(c, verb, r.ID.String(), r.Keyspace, changes)
	if err != nil {
		return err
	}
	r.Updated, one.taken = event.Time, true
	one.events = append(one.events, event)
	l.Ended, l.Action = now, LeakRevoked
	return a.tellLeakEnd(one, l, "revoked")
}

// tell leaves the event of a sighting. It comes before that of a revoke: the owner is told first.
func (b *leakBatch) tell(one *leakActs, l *Leak, state State) error {
	s := l.Sightings[len(l.Sightings)-1]
	lines := []string{"leak " + l.ID}
	if l.PublicID != "" {
		lines = append(lines, "public_id "+l.PublicID)
	}
	lines = append(lines, "kind "+l.Format, "source "+s.Source, "state "+string(state), "action "+l.Action)
	if !l.RevokeAt.IsZero() {
		lines = append(lines, "revoke_at "+l.RevokeAt.Format(time.RFC3339))
	}
	event, err := b.authority.event(b.caller, "leak.report", l.Key.String(), l.Keyspace, lines,
		[2]string{"owner", l.Owner}, [2]string{"url", s.URL}, [2]string{"reporter", s.Reporter})
	one.events = append(one.events, event)
	return err
}

// tellLeakEnd leaves the event that a leaked secret does not verify any more, and why.
func (a *Authority) tellLeakEnd(one *leakActs, l *Leak, why string) error {
	lines := []string{"leak " + l.ID, "reason " + why, "reported " + l.Reported.Format(time.RFC3339)}
	event, err := a.event(Operator("system", Origin{}), "leak.end", l.Key.String(), l.Keyspace, lines, [2]string{"owner", l.Owner})
	one.events = append(one.events, event)
	return err
}
