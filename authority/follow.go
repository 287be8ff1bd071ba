// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"fmt"
	"strings"

	"github.com/keywright/keywright"
)

const followPage = 500 // events

type followingKey struct{}

// following marks reads that keep a node up with the others.
func following(ctx context.Context) context.Context {
	return context.WithValue(ctx, followingKey{}, true)
}

// Following tells a Cluster that a read keeps its node up with the others: it must not wait behind acts, for without it
// the node loses its lease.
func Following(ctx context.Context) bool { return ctx.Value(followingKey{}) != nil }

// follow applies what the chain holds by now. It gives up after a term: an answer that never comes would keep the lease
// from being renewed.
func (m *member) follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(following(ctx), m.node.Term)
	defer cancel()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.followTo(ctx, 0)
}

// reach applies everything up to a head that the store has told, and compares the chain with what this node knows of it.
func (m *member) reach(ctx context.Context, head *ChainHead) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.followTo(ctx, head.Sequence); err != nil {
		return err
	}
	// Others may have led it further since the head was read; one that is below is a store that has lost something.
	switch {
	case head.Sequence > m.head.Sequence:
		return fmt.Errorf("the store tells of %d events and shows %d", head.Sequence, m.head.Sequence)
	case head.Sequence == m.head.Sequence && head.Hash == m.head.Hash:
		return nil
	case head.Sequence == m.head.Sequence:
		return m.lose()
	}
	events, err := m.a.store.Events(ctx, EventQuery{After: m.head.Sequence - 1, Before: m.head.Sequence + 1, Limit: 1})
	if err == nil && (len(events) == 0 || events[0].Hash != m.head.Hash) {
		return m.lose()
	}
	return err
}

func (m *member) lose() error {
	m.tail.Store(true)
	return ErrLost
}

// followTo applies events until there are none, or those up to a sequence. The caller holds mu.
func (m *member) followTo(ctx context.Context, sequence uint64) error {
	if m.tail.Load() {
		return ErrLost
	}
	for sequence == 0 || m.head.Sequence < sequence {
		events, err := m.a.store.Events(ctx, EventQuery{After: m.head.Sequence, Limit: followPage})
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return nil
		}
		if first := &events[0]; first.Sequence != m.head.Sequence+1 {
			return fmt.Errorf("events %d to %d were pruned before this node has read them: start it again", m.head.Sequence+1, first.Sequence-1)
		} else if first.Previous != m.head.Hash {
			return m.lose()
		}
		if err := m.apply(ctx, events); err != nil {
			return err
		}
		last := &events[len(events)-1]
		m.head.Sequence, m.head.Hash = last.Sequence, last.Hash
		m.applied.Store(last.Sequence)
		m.a.store.news.tell()
		m.a.acting.begin()() // who waits for what was taken away looks again
		if len(events) < followPage && sequence == 0 {
			return nil
		}
	}
	return nil
}

// A touch is what a number of events may have changed.
type touch struct {
	records          map[keywright.KeyID]bool // true: a secret of it may have another hash
	keyspaces        map[string]bool
	owners           map[string]map[string]string // by keyspace and target: the id, empty where it was erased
	peppers, signing bool
	endpoints        bool
	leaks            []string // ids
}

// quiet are the verbs of events that change nothing that a node keeps in mind. What is new is not in mind: who asks for
// it asks the store.
var quiet = map[string]bool{
	"key.issue": true, "key.register": true, "key.import": true, "key.export": true, "key.reveal": true,
	"key.wrong_secret": true, "key.used_after_revoke": true, "key.used_after_expiry": true, "key.limit_reached": true,
	"key.credits_low": true, "key.credits_exhausted": true, "key.expires_soon": true, "key.rotation_due": true,
	"owner.credits_low": true,
}

func touchedBy(events []Event) touch {
	t := touch{records: map[keywright.KeyID]bool{}, keyspaces: map[string]bool{}, owners: map[string]map[string]string{}}
	for i := range events {
		e := &events[i]
		if quiet[e.Verb] {
			continue
		}
		switch kind, _, _ := strings.Cut(e.Verb, "."); kind {
		case "keyspace":
			t.keyspaces[e.Target] = true
		case "owner":
			if t.owners[e.Keyspace] == nil {
				t.owners[e.Keyspace] = map[string]string{}
			}
			t.owners[e.Keyspace][e.Target] = e.personal("owner")
		case "pepper":
			t.peppers = true
		case "signing_key", "store":
			t.signing = true
		case "leak":
			for _, line := range e.Changes {
				if id, ok := strings.CutPrefix(line, "leak "); ok {
					t.leaks = append(t.leaks, id)
				}
			}
		case "webhook":
			t.endpoints = t.endpoints || e.Verb != verbFailing && e.Verb != "webhook.test"
		}
		if id, err := keywright.ParseKeyID(e.Target); err == nil {
			t.records[id] = t.records[id] || e.Verb == "key.rehash"
		}
	}
	return t
}

func (e *Event) personal(name string) string {
	for i := range e.Personal {
		if e.Personal[i].Name == name {
			return e.Personal[i].Value
		}
	}
	return ""
}

// apply reads again what events may have changed. What cannot be read now is tried again, and nothing is judged meanwhile.
func (m *member) apply(ctx context.Context, events []Event) error {
	a, t := m.a, touchedBy(events)
	if t.peppers {
		if err := a.reloadPeppers(ctx); err != nil {
			return err
		}
	}
	for name := range t.keyspaces {
		page, err := a.store.List(ctx, Query{Of: Keyspaces, Keyspace: name})
		if err != nil {
			return err
		}
		for _, k := range page.Keyspaces {
			if err := a.adopt(k); err != nil {
				return err
			}
		}
	}
	for keyspace, targets := range t.owners {
		if err := a.refreshOwners(ctx, keyspace, targets); err != nil {
			return err
		}
	}
	var moved []keywright.KeyID
	for id, rehashed := range t.records {
		secrets, err := a.refresh(ctx, id)
		if err != nil {
			return err
		}
		if rehashed || secrets >= maxSecrets {
			moved = append(moved, id)
		}
	}
	if err := a.disown(ctx, moved); err != nil {
		return err
	}
	a.leaks.hear(t.leaks)
	if t.signing {
		a.signing.outdated.Store(true)
	}
	if t.endpoints {
		a.couriers.outdated.Store(true)
	}
	return nil
}

// save remembers the head beyond the life of the process.
func (m *member) save() {
	m.mu.Lock()
	head := m.head
	m.mu.Unlock()
	if m.heads == nil || head.Sequence == m.saved {
		return
	}
	if err := m.heads.Save(head); err != nil {
		m.a.log.Warn("where the audit chain ends could not be remembered", "error", err)
		return
	}
	m.saved = head.Sequence
}

// compareSaved refuses a store that holds less than this node saw before it was started, or something else.
func (m *member) compareSaved(ctx context.Context, now *ChainHead, accept bool) error {
	if m.heads == nil {
		return nil
	}
	was, err := m.heads.Load()
	if err != nil || was.Sequence == 0 {
		return err
	}
	lost := now.Sequence < was.Sequence || now.Sequence == was.Sequence && now.Hash != was.Hash
	if !lost {
		var events []Event
		if events, err = m.a.store.Events(ctx, EventQuery{After: was.Sequence - 1, Limit: 1}); err != nil {
			return err
		}
		// Where it was pruned, nobody can tell.
		lost = len(events) > 0 && events[0].Sequence == was.Sequence && events[0].Hash != was.Hash
	}
	switch {
	case !lost:
		return nil
	case !accept:
		return m.lose()
	}
	m.lost = []string{fmt.Sprintf("seen %d", was.Sequence), fmt.Sprintf("held %d", now.Sequence)}
	return nil
}

// tellLoss leaves an event of a loss that was accepted.
func (m *member) tellLoss(ctx context.Context) error {
	if m.lost == nil {
		return nil
	}
	event, err := m.a.event(Operator("operator", Origin{}), "store.accept_loss", storeTarget, "", m.lost)
	if err != nil {
		return err
	}
	return m.a.store.Apply(ctx, Change{Events: []Event{event}})
}
