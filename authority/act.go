// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// event begins the event of an act. Personal fields that are empty are left out.
func (a *Authority) event(c Caller, verb, target, keyspace string, changes []string, personal ...[2]string) (Event, error) {
	e := Event{
		Time: a.now(), Actor: c.Actor(), Verb: verb, Target: target, Keyspace: keyspace,
		Request: c.origin.Request, Changes: changes,
	}
	if c.origin.Address.IsValid() {
		personal = append(personal, [2]string{"address", c.origin.Address.String()})
	}
	for _, field := range personal {
		if field[1] == "" {
			continue
		}
		p, err := NewPersonal(field[0], field[1], a.noise)
		if err != nil {
			return Event{}, err
		}
		e.Personal = append(e.Personal, p)
	}
	return e, nil
}

// record reads a record that the caller may do something to. What it may not see does not exist.
func (a *Authority) record(ctx context.Context, c Caller, scope string, id keywright.KeyID) (Record, error) {
	page, err := a.store.List(ctx, Query{ID: id})
	if err != nil {
		return Record{}, fromStore(err)
	}
	if len(page.Records) == 0 {
		if err := c.May(scope); err != nil {
			return Record{}, err
		}
		return Record{}, errNoKey()
	}
	return page.Records[0], c.mayRecord(scope, &page.Records[0])
}

// An edit changes a record and says what it changed; nothing means that there is nothing to do.
type edit struct {
	scope, verb string
	change      func(*Record) ([]string, error)
	personal    func(*Record) [][2]string
	also        func() []Put // what else the act puts; called after change
}

// change does one act on one record: it reads it, edits it, writes it with its event, and only then, before it
// returns, makes every verification that begins from now on see it.
func (a *Authority) change(ctx context.Context, c Caller, id keywright.KeyID, e edit) (Record, error) {
	defer a.lock(id)()
	for tries := 0; ; tries++ {
		r, err := a.tryChange(ctx, c, id, e)
		if !errors.Is(err, ErrConflict) || tries == 3 {
			return r, fromStore(err)
		}
	}
}

func (a *Authority) tryChange(ctx context.Context, c Caller, id keywright.KeyID, e edit) (Record, error) {
	r, err := a.record(ctx, c, e.scope, id)
	if err != nil {
		return Record{}, err
	}
	changes, err := e.change(&r)
	if err != nil {
		return r, err
	}
	if len(changes) == 0 {
		return r, errors.Join(a.everywhere(ctx), a.logAgain(ctx, &r))
	}
	var personal [][2]string
	if e.personal != nil {
		personal = e.personal(&r)
	}
	event, err := a.event(c, e.verb, id.String(), r.Keyspace, changes, personal...)
	if err != nil {
		return Record{}, err
	}
	r.Updated = event.Time
	r.Version++
	puts := []Put{&r}
	if e.also != nil {
		puts = append(puts, e.also()...)
	}
	if err := a.commit(ctx, Change{Puts: puts, Events: []Event{event}}, &r); err != nil {
		return Record{}, err
	}
	return r, nil
}

// commit applies a change of records and makes verifications see it, and, where something was taken away, writes that to
// the revocation log. When the store cannot say whether it applied the change, the records are taken from what the store
// holds.
func (a *Authority) commit(ctx context.Context, change Change, records ...*Record) error {
	old, err := a.before(ctx, records)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(records, func(r *Record) bool { return r.Version > 1 }) { // else nothing is taken away
		defer a.acting.begin()()
	}
	// An act that was begun is not given up half way because its caller went away.
	generation := a.guards.generation.Load()
	err = a.store.Apply(context.WithoutCancel(ctx), change)
	if a.member != nil {
		return a.commitShared(ctx, err, old, records, generation)
	}
	if err != nil && !errors.Is(err, ErrConflict) {
		a.reload(ctx, records)
	}
	if err != nil {
		return err
	}
	for _, r := range records {
		if err := a.settle(r); err != nil {
			return err
		}
	}
	return a.logTaken(ctx, old, records)
}

// commitShared is the end of commit where other nodes write too: the table got what was changed from the feed already,
// and gets what is new.
func (a *Authority) commitShared(ctx context.Context, err error, old map[keywright.KeyID]*Record, records []*Record, generation uint64) error {
	if err != nil {
		return err
	}
	for _, r := range records {
		if r.Version == 1 {
			if err := a.admit(r, generation); err != nil {
				return err
			}
		}
	}
	return a.logTaken(ctx, old, records)
}

// settle makes every verification that begins from now on see a record as it was written.
func (a *Authority) settle(r *Record) error {
	a.watchGraces(r)
	a.leaks.touch(r.ID)
	return errors.Join(a.resident(r, a.table.Put), a.descend(r))
}

// reload brings the table in line with the store after a write whose end is not known. What cannot be read now is asked
// for at its next verification.
func (a *Authority) reload(ctx context.Context, records []*Record) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTime)
	defer cancel()
	for _, r := range records {
		page, err := a.store.List(ctx, Query{ID: r.ID})
		if err != nil {
			a.log.Error("after a failed write a record could not be read again", "key_id", r.ID.String(), "error", err)
			_ = a.resident(r, func(hash [32]byte, id [16]byte, state table.State) {
				a.table.Put(hash, id, state.With(table.Doubtful))
			})
			if n := a.lineages.find(r.ID); n != nil {
				n.known.Store(nil)
			}
			continue
		}
		for i := range page.Records {
			if err := a.settle(&page.Records[i]); err != nil {
				a.log.Error("a record cannot be judged", "error", err)
			}
		}
	}
}

// wholeSeconds drops what is below a second: validity is kept to the second.
func wholeSeconds(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Second)
}
