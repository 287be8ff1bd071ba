// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"net/netip"
	"time"

	"github.com/keywright/keywright"
)

// A Record is what the authority knows of a key. Times are in UTC, to the second where they bound validity.
type Record struct {
	ID          keywright.KeyID
	Keyspace    string
	Format      string // the name of a format of the keyspace
	Environment string
	Name        string
	Owner       string          // the caller's own id of a user or organization
	Parent      keywright.KeyID // of a child: the key that it can never do more than
	Secrets     []StoredSecret  // the current one first, then those before it, newest first
	Scopes      []string        // patterns
	Roles       []string        // names of sets of scopes of the keyspace
	Limits      []Limit         // at most 8
	Credits     *Credits        // nil: not counted
	Metadata    []byte          // a JSON object, or nothing
	Rules       Rules
	NotBefore   time.Time
	Expires     time.Time
	Disabled    bool
	Revoked     time.Time
	Reason      string // why it was revoked
	Created     time.Time
	Updated     time.Time
	Version     uint64
}

// A StoredSecret is what is kept of one secret: never the secret.
type StoredSecret struct {
	// Hash is SHA-256 of what the format says it covers, HMAC-SHA256 of it with Pepper, or, where Slow is set, what the
	// secret is found by: SlowHash of keyspace and public id.
	Hash     keywright.Hash
	PublicID string
	Created  time.Time
	Expires  time.Time // zero: as long as the record
	// Registered secrets were made elsewhere: nobody here has seen that the key is written as its format says.
	Registered bool
	Pepper     string // the name of the pepper of Hash; empty: none
	Slow       string // a bcrypt or argon2 hash in its own notation, until its first use
	// Grace marks a secret that was rotated out and still verifies; its end is an act of its own. It ends at Expires, or,
	// where Idle is set, when it has not been used for so long, whichever is first. Of the secrets of a record, only the
	// first and those in their grace verify.
	Grace bool
	Idle  time.Duration
}

// Rules narrow where a key may be used from and for what. An empty list does not narrow.
type Rules struct {
	Networks []netip.Prefix `json:"networks,omitempty"`
	Origins  []string       `json:"origins,omitempty"`
	Methods  []string       `json:"methods,omitempty"`
	Paths    []string       `json:"paths,omitempty"`
	// Of a service key: the keyspaces it may act on, and the owner whose keys it may act on.
	Keyspaces []string `json:"keyspaces,omitempty"`
	Owner     string   `json:"owner,omitempty"`
	// Decoy marks a key that opens nothing.
	Decoy *Decoy `json:"decoy,omitempty"`
}

// A Decoy looks like a key and opens nothing. Whoever uses it has been where it was planted.
type Decoy struct {
	Planted string `json:"planted"` // where
}

// IsZero reports whether the rules narrow nothing.
func (r Rules) IsZero() bool {
	return len(r.Networks)+len(r.Origins)+len(r.Methods)+len(r.Paths)+len(r.Keyspaces) == 0 && r.Owner == "" && r.Decoy == nil
}

// A State is where a record is in its life.
type State string

// The states, in the order in which they are decided.
const (
	StateRevoked  State = "revoked"
	StateDisabled State = "disabled"
	StateExpired  State = "expired"
	StatePending  State = "pending" // before its time
	StateActive   State = "active"
)

// StateAt returns the state at a time.
func (r *Record) StateAt(t time.Time) State {
	switch {
	case !r.Revoked.IsZero():
		return StateRevoked
	case r.Disabled:
		return StateDisabled
	case !r.Expires.IsZero() && !t.Before(r.Expires):
		return StateExpired
	case t.Before(r.NotBefore):
		return StatePending
	}
	return StateActive
}

// A Keyspace is the API that keys are for: a named set of keys with a policy, formats and environments. The first
// format and the first environment are the default.
type Keyspace struct {
	Name         string
	Formats      []keywright.Format
	Environments []string
	Policy       Policy
	Created      time.Time
	Updated      time.Time
	Version      uint64
}

// A Policy bounds what may be issued in a keyspace, and says what holds for all of its keys.
type Policy struct {
	MaxLife       time.Duration       `json:"max_life,omitempty"`       // the longest life of a key; 0: no bound
	RequireOwner  bool                `json:"require_owner,omitempty"`  // every key names an owner
	AllowedScopes []string            `json:"allowed_scopes,omitempty"` // patterns; empty: all
	Roles         map[string][]string `json:"roles,omitempty"`          // sets of scopes by name; a change holds for every key that has the role
	DefaultFormat string              `json:"default_format,omitempty"` // of new keys; empty: the first of the keyspace
	// PublishableScopes are what keys of publishable formats may hold besides scopes whose last segment is read.
	PublishableScopes []string      `json:"publishable_scopes,omitempty"`
	KeyLimits         []Limit       `json:"key_limits,omitempty"`   // of a new key that names none
	OwnerLimits       []Limit       `json:"owner_limits,omitempty"` // of every owner that has none of its own
	Limits            []Limit       `json:"limits,omitempty"`       // of the whole keyspace
	LimiterAway       LimiterAway   `json:"limiter_away,omitempty"` // while shared limits cannot be asked; empty: local
	MaxGrace          time.Duration `json:"max_grace,omitempty"`    // the longest grace of a rotation; 0: 366 days
	Rotation          *Rotation     `json:"rotation,omitempty"`     // nil: keys are rotated when somebody wishes
	Pepper            string        `json:"pepper,omitempty"`       // the name of the pepper of new hashes; empty: plain SHA-256
	// Routes say what requests must bring to a gateway; the first that matches counts. Nobody else looks at them.
	Routes        []Route `json:"routes,omitempty"`         // at most 200
	RoutesDefault string  `json:"routes_default,omitempty"` // allow or deny what no route matches; empty: deny where there are routes

	Exchange *ExchangePolicy `json:"exchange,omitempty"` // nil: keys are not exchanged for tokens
	Leaks    *LeakPolicy     `json:"leaks,omitempty"`    // nil: secret keys that are reported are revoked at once
}

// Rotation says when the keys of a keyspace are due for a new secret.
type Rotation struct {
	Every time.Duration `json:"every"`           // after the current secret was made
	Warn  time.Duration `json:"warn,omitempty"`  // how long before, a key shows as about to be due; 0: a tenth of Every
	Grace time.Duration `json:"grace,omitempty"` // of a rotation that names none
	Idle  time.Duration `json:"idle,omitempty"`  // of a rotation that names none: ends a grace early
}

// An Owner is what is kept of a user or organization beside its keys: limits and credits that they share. Owners that
// have neither are not kept.
type Owner struct {
	Keyspace string
	ID       string
	Limits   []Limit
	Credits  *Credits // nil: not counted
	Created  time.Time
	Updated  time.Time
	Version  uint64
}

// Format returns the format of that name, the first for an empty name, or nil.
func (k *Keyspace) Format(name string) *keywright.Format {
	for i := range k.Formats {
		if k.Formats[i].Name == name || name == "" {
			return &k.Formats[i]
		}
	}
	return nil
}
