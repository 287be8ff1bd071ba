// SPDX-License-Identifier: Apache-2.0

package authority

import "context"

// Tend does now what is done every second, every few seconds and every few minutes.
func (a *Authority) Tend(ctx context.Context) {
	a.tend(ctx, 2)
	a.try(ctx, "refilling credits", a.refillAll)
	a.try(ctx, "looking for keys that are due", a.announceDue)
	a.try(ctx, "ending sessions", a.tendSessions)
}

// Gather counts now what was noted, as is done every 50 milliseconds.
func (a *Authority) Gather() { a.gather() }

// RestAfter is restAfter.
var RestAfter = restAfter

// RefillDue is Refill.due.
var RefillDue = (*Refill).due

// SetMaxChildren changes how many children a key may have.
func SetMaxChildren(n int) { maxChildren = n }
