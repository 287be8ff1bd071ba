// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/keywright/keywright"
)

// What strangers can cause is counted, and becomes at most one event for each kind, key and hour: no flood fills the
// audit chain, and none makes more work than a few lookups a second.
const (
	strangersWaiting  = 64 // wrong secrets that wait to be looked at; the others are only counted
	strangersTogether = 16 // looked at in a second
	toldAtMost        = 100_000
)

// A stranger came with a wrong secret under a public id that may be known.
type stranger struct {
	space    string // empty: the secret was right, and the caller bound to another owner; there is nothing to look at
	publicID string
	from     netip.Addr
}

// told remembers what was told once, so that the store is not asked again.
type told struct {
	mu    sync.Mutex
	names map[keywright.Hash]struct{}
}

func (t *told) seen(name keywright.Hash) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.names[name]
	return ok
}

func (t *told) add(name keywright.Hash) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names == nil || len(t.names) >= toldAtMost {
		t.names = map[keywright.Hash]struct{}{}
	}
	t.names[name] = struct{}{}
}

// noteStranger leaves the public id of a key that was not found to be looked at later, if there is room.
func (j *judgement) noteStranger(ask *keywright.Ask) {
	if j.format == nil || j.publicID == "" {
		return
	}
	s := stranger{j.space.Name, j.publicID, ask.ClientIP}
	if j.hidden {
		s.space = ""
	}
	select {
	case j.authority.strangers <- s:
	default:
	}
}

// lookAtStrangers leaves events for wrong secrets under public ids that are known.
func (a *Authority) lookAtStrangers(ctx context.Context) error {
	for range strangersTogether {
		select {
		case s := <-a.strangers:
			if s.space == "" {
				continue
			}
			page, err := a.store.List(ctx, Query{Keyspace: s.space, PublicID: s.publicID, Limit: 1})
			if err != nil {
				return err
			}
			for _, r := range page.Records {
				if err := a.tellHour(ctx, Caller{actor: "anyone", origin: Origin{Address: s.from}}, "key.wrong_secret", r.ID, r.Keyspace, []string{"public_id " + s.publicID}); err != nil {
					return err
				}
			}
		default:
			return nil
		}
	}
	return nil
}

// refusals are the verbs of events that uses leave, by the step that refused them.
var refusals = map[uint8]string{
	stepRevoked: "key.used_after_revoke", stepExpired: "key.used_after_expiry",
	stepLimit: "key.limit_reached", stepCredits: "key.credits_exhausted",
}

// limitsTogether is how many keys that reached a limit, or the end of their credits, are told in a second. The others are
// told at their next use.
const limitsTogether = 256

// noteEnded leaves events for uses of keys that were revoked, have expired, or have reached a limit or the end of their
// credits.
func (a *Authority) noteEnded(ctx context.Context, ended map[endedKey]string) error {
	limits := 0
	for k, keyspace := range ended {
		c := Caller{actor: "anyone"}
		if k.step == stepLimit || k.step == stepCredits {
			if limits++; limits > limitsTogether {
				continue
			}
			c = Operator("system", Origin{})
		}
		if err := a.tellHour(ctx, c, refusals[k.step], k.key, keyspace, nil); err != nil {
			return err
		}
	}
	return nil
}

// tellHour leaves an event unless there was one of that verb and key in this hour.
func (a *Authority) tellHour(ctx context.Context, c Caller, verb string, id keywright.KeyID, keyspace string, lines []string) error {
	hour := a.now().Truncate(time.Hour)
	return a.tellOnce(ctx, c, verb, id, keyspace, hour.Format(time.RFC3339), hour.Add(2*time.Hour), lines)
}

// Refused counts a request that a caller was not allowed to make, and leaves an event of it, one for each caller and
// hour. Faces call it; the event is written within a second.
func (a *Authority) Refused(c Caller) {
	id := c.key
	if id.IsZero() {
		id = c.holder
	}
	if id.IsZero() {
		return
	}
	select {
	case a.refused <- refusal{id, c.origin}:
	default:
	}
}

type refusal struct {
	id   keywright.KeyID
	from Origin
}

// noteRefused leaves events for requests that were refused.
func (a *Authority) noteRefused(ctx context.Context) error {
	for range strangersTogether {
		select {
		case r := <-a.refused:
			if err := a.tellHour(ctx, Caller{key: r.id, origin: r.from}, "request.refused", r.id, ReservedKeyspace, nil); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}
