// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"net/netip"
	"time"

	"github.com/keywright/keywright"
)

// A Tally is what an authority gathered in memory and writes every second, or after one that took long up to ten seconds
// later: how often keys were verified, when they were last used, and how full their meters are. A crash loses at most
// what was gathered since the last.
type Tally struct {
	Usage  []Usage
	Uses   []Use
	Meters []Meter
	Now    time.Time // meters that are full at this time may be deleted, a part with each tally; zero: none
	Forget time.Time // usage of hours before this may be deleted, a part with each tally; zero: none
}

// Usage counts verifications of one key, or with a zero Key of a whole keyspace, in one hour, by their code. Counts are added
// to what the store has.
type Usage struct {
	Keyspace string
	Key      keywright.KeyID
	Hour     time.Time // its begin
	Code     keywright.Code
	Count    int64
	Cost     int64 // the sum of the costs of those that were VALID
}

// A Use tells when and from where a secret was last used. It replaces an older one of the same key and hash.
type Use struct {
	Key  keywright.KeyID
	Hash keywright.Hash // of the secret, as its record has it
	Time time.Time
	From netip.Addr // not valid: not known
}

// A Meter is the state of a rate limit whose window is longer than a minute, so that a restart does not fill it up. It
// replaces what the store has of the same ID.
type Meter struct {
	ID   [24]byte
	Full time.Time // when it will be full again, to the nanosecond
}
