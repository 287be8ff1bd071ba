// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"context"
	"net/netip"
	"time"
)

// A Verifier judges a presented key. Both *authority.Authority and *client.Client are Verifiers, so a program moves
// from a library to a server without touching its middleware.
type Verifier interface {
	// Verify reports what may be done with ask.Key. A key that is unknown, expired, revoked or over its limit is a
	// Verdict, not an error; an error means that no judgement could be made, and the caller must refuse.
	Verify(ctx context.Context, ask Ask) (Verdict, error)
}

// An Ask is what a verification is asked about. What a record demands and an ask does not tell is forbidden.
type Ask struct {
	Key         Secret
	Keyspace    string     // the API that asks
	Environment string     // the environment it serves; should be given, so that a test key is refused in production
	Scopes      []string   // all of them are needed
	ScopeExpr   string     // an expression over scopes with AND, OR and parentheses; needed as well
	ClientIP    netip.Addr // where the request came from
	Method      string     // of the request
	Path        string     // of the request, as it was received: still escaped
	Origin      string     // of the request, as a browser sends it
	Cost        int64      // units of limits and credits that the request takes, 1 to 1e9; 0 stands for 1
	Limits      []AskLimit // limits to take from besides those that are taken at every verification, at most 8
	Include     []string   // name, metadata: read from the store, so they cost a query; limits: all, not only the nearest
	Tags        []string   // what the caller calls it by in the log, at most 8 of 1 to 64 letters, digits, _ . : / = and -; not judged
	Explain     bool       // list every check, not only the first that failed
	DryRun      bool       // leave no trace: nothing is counted or spent
}

// An AskLimit names a limit of the key, of its owner or of its keyspace. One with Limit and Window of its own stands for
// this ask alone: its meter belongs to the key, and the caller sees to it that a name always has the same size.
type AskLimit struct {
	Name   string
	Cost   int64 // 0: as the ask
	Limit  int64 // units in each window; 0: as the record, the owner or the keyspace says
	Window time.Duration
	Burst  int64 // 0: as Limit
}

// A Code is the answer of a verification.
type Code string

// The codes, in the order in which they are decided: the first that applies is the answer.
const (
	Malformed         Code = "MALFORMED"          // not of the keyspace's formats, or the checksum is wrong
	NotFound          Code = "NOT_FOUND"          // no such key in this keyspace
	Revoked           Code = "REVOKED"            // ended for good
	Disabled          Code = "DISABLED"           // ended until enabled
	Expired           Code = "EXPIRED"            // beyond its time
	NotYetValid       Code = "NOT_YET_VALID"      // before its time
	Forbidden         Code = "FORBIDDEN"          // environment, network, origin, method or path is not allowed
	InsufficientScope Code = "INSUFFICIENT_SCOPE" // scopes are missing: Verdict.Missing
	RateLimited       Code = "RATE_LIMITED"       // a limit is reached: Verdict.Limit
	CreditsExhausted  Code = "CREDITS_EXHAUSTED"  // too few credits are left for the cost
	Valid             Code = "VALID"
)

// A Verdict is the answer to an Ask: a code, and what may be known of the key. Of a key that is malformed or not
// found nothing is known. Slices are shared and must not be changed.
type Verdict struct {
	Code        Code
	KeyID       KeyID
	PublicID    string
	Keyspace    string
	Format      string // the name of its format in the keyspace
	Environment string
	Owner       string
	Scopes      []string   // what it may do, its roles included
	ExpiresAt   time.Time  // zero: never
	Missing     []string   // with INSUFFICIENT_SCOPE: the scopes that the key has not
	Previous    bool       // the key was rotated: this is not its newest secret, and it ends at ExpiresAt
	Limit       LimitState // the limit that refuses, or the one that is nearest to refusing; no name: there is none
	*Detail                // nil unless the ask has Include or Explain, or credits are kept
}

// A LimitState is how a rate limit stands after a verification.
type LimitState struct {
	Name       string
	Of         string // key, parent, owner or keyspace: whose limit it is
	Limit      int64  // what may come at once
	Window     time.Duration
	Amount     int64         // what comes back in each window
	Remaining  int64         // what may come now
	Reset      time.Duration // until all of it may come
	RetryAfter time.Duration // until the same cost may come; 0: now; negative: never, the cost is beyond the limit
}

// Detail is what a verdict carries on request.
type Detail struct {
	Name     string
	Metadata []byte       // JSON
	Limits   []LimitState // with include limits: all that were taken from; from a client at least the one of the verdict
	Credits  *int64       // what is left of the credits that are nearest to their end; nil: none are kept
	Checks   []Check
}

// A Check is one step of a verification, for Ask.Explain.
type Check struct {
	Code   Code   // what the verdict is where this step fails
	OK     bool   //
	Reason string // why it failed, for the operator
}

// Valid reports whether the key may be used as asked.
func (v Verdict) Valid() bool { return v.Code == Valid }

// Uniform reports whether an answer to the outside world must not tell this code from others of its kind: to a
// stranger, a key that is unknown, revoked or expired is an invalid key, and nothing more.
func (c Code) Uniform() bool {
	switch c {
	case Malformed, NotFound, Revoked, Disabled, Expired, NotYetValid:
		return true
	}
	return false
}
