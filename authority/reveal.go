// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"

	"github.com/keywright/keywright"
)

// Revealed leaves an event of a new key that a face kept behind a link, and that whoever has the link is about to get. Where
// it cannot be written the key must not be handed out.
func (a *Authority) Revealed(ctx context.Context, id keywright.KeyID, keyspace string, from Origin) error {
	event, err := a.event(Caller{actor: "anyone", origin: from}, "key.reveal", id.String(), keyspace, nil)
	if err != nil {
		return err
	}
	return fromStore(a.store.Apply(context.WithoutCancel(ctx), Change{Events: []Event{event}}))
}
