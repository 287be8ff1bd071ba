// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"slices"

	"github.com/keywright/keywright"
)

// maxRevokeSelf is how many keys their holder may end at once.
const maxRevokeSelf = 1000

// RevokeSelf ends the key that is presented: whoever holds a secret key may end it. Publishable keys are exempt, since
// everybody holds those. The result does not tell whether there is such a key; an error means that the store failed.
func (a *Authority) RevokeSelf(ctx context.Context, key keywright.Secret, from Origin) error {
	return a.RevokeSelves(ctx, []keywright.Secret{key}, from)
}

// RevokeSelves is RevokeSelf of at most 1,000 keys. After an error some of them may have ended: present them all again.
func (a *Authority) RevokeSelves(ctx context.Context, keys []keywright.Secret, from Origin) error {
	if len(keys) > maxRevokeSelf {
		return invalid("keys", "has more than 1000 entries", "send them in several requests")
	}
	var ids []keywright.KeyID
	for _, key := range keys {
		found, err := a.heldBy(ctx, key)
		if err != nil {
			return err
		}
		for _, id := range found {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	for part := range slices.Chunk(ids, leaksTogether) {
		if err := a.revokeHeld(ctx, part, from); err != nil {
			return err
		}
	}
	return fromStore(a.everywhere(ctx)) // what had ended may have a moment ago, on another node
}

// heldBy returns the records that a key ends: one in each keyspace that has it. A secret that was rotated out and has ended
// ends nothing.
func (a *Authority) heldBy(ctx context.Context, key keywright.Secret) (ids []keywright.KeyID, err error) {
	for name, s := range *a.spaces.Load() {
		ask := keywright.Ask{Key: key, Keyspace: name, DryRun: true}
		var v keywright.Verdict
		if _, err := a.judge(ctx, &ask, &v); err != nil {
			return nil, err
		}
		if v.KeyID.IsZero() || v.Code == keywright.Revoked || v.Previous && v.Code == keywright.Expired || s.Format(v.Format).Publishable {
			continue
		}
		ids = append(ids, v.KeyID)
	}
	return ids, nil
}

// revokeHeld ends some records in one change.
func (a *Authority) revokeHeld(ctx context.Context, ids []keywright.KeyID, from Origin) error {
	defer a.lockAll(ids)()
	for tries := 0; ; tries++ {
		err := a.tryRevokeHeld(ctx, ids, from)
		if !errors.Is(err, ErrConflict) || tries == 3 {
			return fromStore(err)
		}
	}
}

func (a *Authority) tryRevokeHeld(ctx context.Context, ids []keywright.KeyID, from Origin) error {
	var change Change
	var records []*Record
	for _, id := range ids {
		page, err := a.store.List(ctx, Query{ID: id})
		if err != nil {
			return err
		}
		if len(page.Records) == 0 {
			continue
		}
		r := &page.Records[0]
		if !r.Revoked.IsZero() {
			if err := a.logAgain(ctx, r); err != nil {
				return err
			}
			continue
		}
		const reason = "by its holder"
		event, err := a.event(Caller{key: id, origin: from}, "key.revoke_self", id.String(), r.Keyspace, []string{"revoked", "reason " + reason})
		if err != nil {
			return err
		}
		r.Revoked, r.Reason, r.Updated = event.Time, reason, event.Time
		r.Version++
		records = append(records, r)
		change.Puts = append(change.Puts, r)
		change.Events = append(change.Events, event)
	}
	if len(records) == 0 {
		return nil
	}
	return a.commit(ctx, change, records...)
}
