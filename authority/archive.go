// SPDX-License-Identifier: Apache-2.0

package authority

import "context"

// A Dump visits everything in a store as it was at one moment: Archiver.Dump.
type Dump func(ctx context.Context, visit func(any) error) error

// Backup leaves an event, and returns what reads the whole store: hashes, never a key, and sealed what is sealed.
func (a *Authority) Backup(ctx context.Context, c Caller) (Dump, error) {
	if err := c.May(ScopeBackup); err != nil {
		return nil, err
	}
	if len(c.keyspaces) > 0 || c.owner != "" {
		return nil, denied("the caller may not see the whole store", "use a service key that is not bound")
	}
	archiver, ok := a.store.Store.(Archiver)
	if !ok {
		return nil, &Error{Kind: Conflicting, Problem: "this store cannot be read at one moment", Hint: "back it up with its own means"}
	}
	event, err := a.event(c, "store.backup", storeTarget, "", nil)
	if err != nil {
		return nil, err
	}
	if err := a.store.Apply(context.WithoutCancel(ctx), Change{Events: []Event{event}}); err != nil {
		return nil, fromStore(err)
	}
	return func(ctx context.Context, visit func(any) error) error {
		return archiver.Dump(ctx, func(v any) error {
			if item, ok := v.(*Item); ok && item.IsSession() {
				return nil // who restores a backup must not sign anybody in again
			}
			return visit(v)
		})
	}, nil
}
