// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	erasePage  = 1000 // events that are read at once, and the most that one change erases of
	eraseAgain = time.Hour
)

// personalFields are the names of all personal fields of events.
var personalFields = []string{"address", "name", "owner", "reporter", "url"}

// An EraseRequest says which personal fields of events are emptied. Value, Before or both must be given.
type EraseRequest struct {
	Value  string    // only fields that hold exactly this: an owner, a name, an address
	Before time.Time // only of events before this
	Fields []string  // only these: address, name, owner, reporter, url; empty: all
}

// Erased is what Erase did.
type Erased struct {
	Events int // from which something was erased
	Fields int
}

// Erase empties personal fields of events, for good. Their commitments stay, so the chain still verifies; who does not know
// value and salt learns nothing from them. It goes through the chain in parts, each with an event of its own that says how
// many, and never what; a repeat goes on where it was interrupted.
func (a *Authority) Erase(ctx context.Context, c Caller, q EraseRequest) (Erased, error) {
	if err := c.mayAudit(ScopeAuditWrite); err != nil {
		return Erased{}, err
	}
	if q.Value == "" && q.Before.IsZero() {
		return Erased{}, invalid("value", "is missing", "say what is erased: a value such as an owner, or a time before which everything is, or both")
	}
	for _, name := range q.Fields {
		if !slices.Contains(personalFields, name) {
			return Erased{}, invalid("fields", "holds something else than personal fields", "use "+strings.Join(personalFields, ", "))
		}
	}
	done, _, err := a.erase(ctx, c, q, 0)
	if err == nil {
		err = a.eraseSightings(ctx, q)
	}
	return done, fromStore(err)
}

// erase goes through the chain behind an event up to its end as it is now, and returns how far it came.
func (a *Authority) erase(ctx context.Context, c Caller, q EraseRequest, after uint64) (done Erased, last uint64, err error) {
	end, err := a.store.Events(ctx, EventQuery{Descending: true, Limit: 1})
	if err != nil || len(end) == 0 {
		return done, after, err
	}
	for {
		events, err := a.store.Events(ctx, EventQuery{After: after, Before: end[0].Sequence + 1, Until: q.Before, Limit: erasePage})
		if err != nil || len(events) == 0 {
			return done, after, err
		}
		part, err := a.erasePart(ctx, c, q, events)
		done.Events += part.Events
		done.Fields += part.Fields
		if err != nil {
			return done, after, err
		}
		after = events[len(events)-1].Sequence
	}
}

func (a *Authority) erasePart(ctx context.Context, c Caller, q EraseRequest, events []Event) (done Erased, err error) {
	var change Change
	for i := range events {
		if names := q.matches(&events[i]); len(names) > 0 {
			change.Puts = append(change.Puts, &Erasure{Sequence: events[i].Sequence, Fields: names})
			done.Events++
			done.Fields += len(names)
		}
	}
	if done.Events == 0 {
		return done, nil
	}
	lines := []string{"events " + strconv.Itoa(done.Events), "fields " + strconv.Itoa(done.Fields)}
	if !q.Before.IsZero() {
		lines = append(lines, "before "+dayOf(q.Before))
	}
	if q.Value != "" {
		lines = append(lines, "of one value")
	}
	event, err := a.event(c, "audit.erase", auditTarget, "", lines)
	if err != nil {
		return Erased{}, err
	}
	change.Events = []Event{event}
	if err := a.store.Apply(context.WithoutCancel(ctx), change); err != nil {
		return Erased{}, err
	}
	return done, nil
}

// matches returns the names of the fields of an event that are to be emptied.
func (q *EraseRequest) matches(e *Event) (names []string) {
	for _, p := range e.Personal {
		named := len(q.Fields) == 0 || slices.Contains(q.Fields, p.Name)
		if len(p.Salt) > 0 && named && (q.Value == "" || p.Value == q.Value) {
			names = append(names, p.Name)
		}
	}
	return names
}

// forget erases personal fields when they are older than life, at the start and once an hour.
func (a *Authority) forget(ctx context.Context, life time.Duration) {
	policy := Operator("system", Origin{})
	for after := uint64(0); ; {
		var err error
		old := EraseRequest{Before: a.now().Add(-life)}
		if _, after, err = a.erase(ctx, policy, old, after); err == nil {
			err = a.eraseSightings(ctx, old)
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrConflict) {
			a.log.Error("personal fields of old events could not be erased", "error", err, "again_in", eraseAgain)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(eraseAgain):
		}
	}
}
