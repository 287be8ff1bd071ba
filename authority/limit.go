// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"fmt"
	"time"
)

// A Limit bounds how often something may be done: Limit units in each Window, spread evenly (GCRA), of which Burst may
// come at once. A burst of all of it can be followed by what has come back since, so a window that begins with a full
// meter can see Burst + Limit units.
type Limit struct {
	Name   string        `json:"name"`
	Limit  int64         `json:"limit"`           // 1 to 1e9
	Window time.Duration `json:"window"`          // 1 s to 366 days
	Burst  int64         `json:"burst,omitempty"` // 0: as Limit
	Auto   bool          `json:"auto,omitempty"`  // taken from at every verification; else only when the ask names it
}

// String returns the limit as the audit chain tells it: requests 100/1m0s burst 20 auto.
func (l Limit) String() string {
	s := fmt.Sprintf("%s %d/%s", l.Name, l.Limit, l.Window)
	if l.Burst > 0 {
		s += fmt.Sprintf(" burst %d", l.Burst)
	}
	if l.Auto {
		s += " auto"
	}
	return s
}

// Credits say that a balance is kept, and how it is filled up. The balance itself is an Account of the store.
type Credits struct {
	Refill *Refill `json:"refill,omitempty"` // nil: only by hand
}

// A Refill fills a balance up at an interval from Start on, or on a day of each month at midnight UTC.
type Refill struct {
	Amount int64         `json:"amount"`
	Every  time.Duration `json:"every,omitempty"` // at least a minute; or:
	Day    int           `json:"day,omitempty"`   // 1 to 28, the days that every month has
	Mode   RefillMode    `json:"mode"`
	Start  time.Time     `json:"start"` // what Every counts from
}

// RefillMode says what a refill does to what is left.
type RefillMode string

// The modes.
const (
	RefillAdd   RefillMode = "add"   // adds the amount; after a time without a server, once for each time that was missed
	RefillReset RefillMode = "reset" // sets the balance to the amount
)
