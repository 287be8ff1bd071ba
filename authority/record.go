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
	Owner       string // the caller's own id of a user or organization
	Secrets     []StoredSecret
	Scopes      []string // patterns
	Metadata    []byte   // a JSON object, or nothing
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
	Hash     keywright.Hash
	PublicID string
	Created  time.Time
	Expires  time.Time // zero: as long as the record
	// Registered secrets were made elsewhere: nobody here has seen that the key is written as its format says.
	Registered bool
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
}

// IsZero reports whether the rules narrow nothing.
func (r Rules) IsZero() bool {
	return len(r.Networks)+len(r.Origins)+len(r.Methods)+len(r.Paths)+len(r.Keyspaces) == 0 && r.Owner == ""
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

// A Policy bounds what may be issued in a keyspace.
type Policy struct {
	MaxLife       time.Duration `json:"max_life,omitempty"`       // the longest life of a key; 0: no bound
	RequireOwner  bool          `json:"require_owner,omitempty"`  // every key names an owner
	AllowedScopes []string      `json:"allowed_scopes,omitempty"` // patterns; empty: all
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
