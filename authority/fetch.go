// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// lookupTime is how long a verification waits for the store.
const lookupTime = 10 * time.Second

// fetch reads the record of a hash into the table, once however many ask at the same time. The table knows it as known.
func (a *Authority) fetch(ctx context.Context, h, known keywright.Hash) error {
	result := a.lookups.DoChan(string(h[:]), func() (any, error) {
		if _, state, ok := a.table.Find((*[32]byte)(&known)); ok && !state.Has(table.Doubtful) {
			return nil, nil // another fetch ended between our look and now
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTime)
		defer cancel()
		a.asked.Add(1)
		generation := a.guards.generation.Load()
		r, err := a.store.Lookup(ctx, h)
		if errors.Is(err, ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, fromStore(err)
		}
		if err := a.fillFound(ctx, h, &r, generation); err != nil {
			return nil, &Error{Kind: Unavailable, Problem: "the record of this key cannot be judged", Hint: "look at the log of the server", Cause: err}
		}
		return nil, nil
	})
	select {
	case r := <-result:
		return r.Err
	case <-ctx.Done():
		return fromStore(ctx.Err())
	}
}
