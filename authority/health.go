// SPDX-License-Identifier: Apache-2.0

package authority

import "context"

// Lease returns why the store may not be this process's alone, so that nothing is judged, or nil. It does no I/O.
func (a *Authority) Lease() error {
	if a.lease == nil {
		return nil
	}
	err := a.lease.Lease()
	if err == nil {
		return nil
	}
	return &Error{
		Kind: Unavailable, Problem: "this node has no lease: what others have taken away is not known here", Cause: err,
		Hint: "it mends itself when the store answers again; if it stays so, look at the log of the server",
	}
}

// Head asks the store for the sequence of the last event of the audit chain: the smallest question that shows that it
// answers.
func (a *Authority) Head(ctx context.Context) (sequence uint64, err error) {
	events, err := a.store.Events(ctx, EventQuery{Limit: 1, Descending: true})
	if err != nil {
		return 0, fromStore(err)
	}
	if len(events) > 0 {
		sequence = events[0].Sequence
	}
	return sequence, nil
}
