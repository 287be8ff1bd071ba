// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"iter"
	"net/netip"
	"time"

	"github.com/keywright/keywright"
)

// A VerifyRequest asks what may be done with a key. What the record of the key demands and the request does not tell
// is forbidden.
type VerifyRequest struct {
	Key         Key        `json:"key" doc:"The key that was presented." example:"acme_live_7Yk2mQ9xR4tB_…"`
	Keyspace    string     `json:"keyspace,omitempty" doc:"The API that the key is for. May be left out where the service key is bound to one." example:"acme"`
	Environment string     `json:"environment,omitempty" doc:"The environment that is served. Should be given, so that a test key is refused in production." example:"live"`
	Scopes      []string   `json:"scopes,omitempty" nullable:"false" doc:"Scopes that are all needed." example:"[\"invoices:read\"]"`
	ScopeExpr   string     `json:"scope_expr,omitempty" doc:"An expression over scopes with AND, OR and parentheses; needed as well." example:"invoices:read AND (users:read OR users:write)"`
	ClientIP    netip.Addr `json:"client_ip,omitzero" doc:"Where the request came from." example:"192.0.2.7"`
	Method      string     `json:"method,omitempty" doc:"The method of the request." example:"GET"`
	Path        string     `json:"path,omitempty" doc:"The path of the request as it was received: still escaped." example:"/v1/invoices"`
	Origin      string     `json:"origin,omitempty" doc:"The origin of the request, as browsers send it." example:"https://app.example.com"`
	Cost        int64      `json:"cost,omitempty" minimum:"1" maximum:"1000000000" doc:"Units of limits and credits that the request takes; absent: 1." example:"1"`
	Limits      []AskLimit `json:"limits,omitempty" nullable:"false" doc:"Limits to take from besides those that are taken from at every verification, at most 8."`
	Include     []string   `json:"include,omitempty" nullable:"false" enum:"name,metadata,limits" doc:"What a verdict carries on request: name and metadata cost a query; limits are all that were taken from, not only the nearest."`
	Tags        []string   `json:"tags,omitempty" nullable:"false" maxItems:"8" doc:"What the server's log calls the verification by: each 1 to 64 letters, digits, _ . : / = and -. The verdict does not depend on them. Never a secret: one that looks like it is not logged." example:"[\"route=invoices\"]"`
	Explain     bool       `json:"explain,omitempty" doc:"List every check, not only the first that failed."`
	DryRun      bool       `json:"dry_run,omitempty" doc:"Leave no trace: nothing is counted or spent."`
}

// A VerifyResponse is a verdict. A key that is malformed or not found has nothing but valid, code and keyspace.
type VerifyResponse struct {
	Valid         bool            `json:"valid" doc:"Whether the key may be used as asked."`
	Code          keywright.Code  `json:"code" enum:"VALID,MALFORMED,NOT_FOUND,REVOKED,DISABLED,EXPIRED,NOT_YET_VALID,FORBIDDEN,INSUFFICIENT_SCOPE,RATE_LIMITED,CREDITS_EXHAUSTED" doc:"VALID, or the first reason why not."`
	KeyID         keywright.KeyID `json:"key_id,omitzero" doc:"The id of the record: stable through rotations." example:"key_0DFUqXqVeEpK4nSQhDZ0mR"`
	PublicID      string          `json:"public_id,omitempty" doc:"The segment of the key that may be logged."`
	Keyspace      string          `json:"keyspace,omitempty"`
	Format        string          `json:"format,omitempty" doc:"The name of the key's format in the keyspace." example:"secret"`
	Environment   string          `json:"environment,omitempty" example:"live"`
	Owner         string          `json:"owner,omitempty" doc:"Whose key it is: an id of the caller's own." example:"team_7"`
	Scopes        []string        `json:"scopes,omitempty" nullable:"false" doc:"What the key grants."`
	Secret        string          `json:"secret,omitempty" enum:"current,previous" doc:"previous: the key was rotated, and this secret ends at expires_at."`
	ExpiresAt     time.Time       `json:"expires_at,omitzero" doc:"When the key ends; absent: never."`
	MissingScopes []string        `json:"missing_scopes,omitempty" nullable:"false" doc:"With INSUFFICIENT_SCOPE: the scopes that the key has not."`
	Limits        []LimitState    `json:"limits,omitempty" nullable:"false" doc:"The limit that refuses or is nearest to refusing; with include limits, all that were taken from."`
	Credits       *int64          `json:"credits_remaining,omitempty" doc:"What is left of the credits that are nearest to their end; absent: none are kept." example:"999"`
	Name          string          `json:"name,omitempty" doc:"With include."`
	Metadata      json.RawMessage `json:"metadata,omitempty" doc:"With include: a JSON object."`
	Checks        []Check         `json:"checks,omitempty" nullable:"false" doc:"With explain: every check, in order."`
}

// A Check is one step of a verification.
type Check struct {
	Code   keywright.Code `json:"code" doc:"What the verdict is where this step fails."`
	OK     bool           `json:"ok"`
	Reason string         `json:"reason,omitempty" doc:"Why it failed, for the operator."`
}

// A VerifyLine is one line of the answer to a batch: a verdict, or the problem of that line.
type VerifyLine struct {
	*VerifyResponse
	Problem *Problem `json:"problem,omitempty"`
}

// Ask returns the request as the program asks it.
func (r *VerifyRequest) Ask() keywright.Ask {
	a := keywright.Ask{
		Key: r.Key.Secret, Keyspace: r.Keyspace, Environment: r.Environment, Scopes: r.Scopes, ScopeExpr: r.ScopeExpr,
		ClientIP: r.ClientIP, Method: r.Method, Path: r.Path, Origin: r.Origin, Cost: r.Cost, Include: r.Include,
		Tags: r.Tags, Explain: r.Explain, DryRun: r.DryRun,
	}
	for _, l := range r.Limits {
		a.Limits = append(a.Limits, keywright.AskLimit{Name: l.Name, Cost: l.Cost, Limit: l.Limit, Window: l.Window.Duration(), Burst: l.Burst})
	}
	return a
}

// VerifyRequestOf returns an ask for the wire.
func VerifyRequestOf(a keywright.Ask) VerifyRequest {
	r := VerifyRequest{
		Key: NewKey(a.Key), Keyspace: a.Keyspace, Environment: a.Environment, Scopes: a.Scopes, ScopeExpr: a.ScopeExpr,
		ClientIP: a.ClientIP, Method: a.Method, Path: a.Path, Origin: a.Origin, Cost: a.Cost, Include: a.Include,
		Tags: a.Tags, Explain: a.Explain, DryRun: a.DryRun,
	}
	for _, l := range a.Limits {
		r.Limits = append(r.Limits, AskLimit{Name: l.Name, Cost: l.Cost, Limit: l.Limit, Window: Duration(l.Window), Burst: l.Burst})
	}
	return r
}

// Verdict returns the response as a program reads it.
func (r *VerifyResponse) Verdict() keywright.Verdict {
	v := keywright.Verdict{
		Code: r.Code, KeyID: r.KeyID, PublicID: r.PublicID, Keyspace: r.Keyspace, Format: r.Format,
		Environment: r.Environment, Owner: r.Owner, Scopes: r.Scopes, ExpiresAt: r.ExpiresAt, Missing: r.MissingScopes,
		Previous: r.Secret == SecretPrevious,
	}
	if len(r.Limits) > 0 {
		v.Limit = r.Limits[0].State()
	}
	if r.Name != "" || len(r.Metadata) > 0 || len(r.Checks) > 0 || len(r.Limits) > 0 || r.Credits != nil {
		v.Detail = &keywright.Detail{Name: r.Name, Metadata: r.Metadata, Credits: r.Credits}
		for _, c := range r.Checks {
			v.Checks = append(v.Checks, keywright.Check(c))
		}
	}
	for i := range r.Limits {
		v.Limits = append(v.Limits, r.Limits[i].State())
	}
	return v
}

// VerifyResponseOf returns a verdict for the wire, as it is at a time.
func VerifyResponseOf(v keywright.Verdict, now time.Time) VerifyResponse {
	r := VerifyResponse{
		Valid: v.Valid(), Code: v.Code, KeyID: v.KeyID, PublicID: v.PublicID, Keyspace: v.Keyspace, Format: v.Format,
		Environment: v.Environment, Owner: v.Owner, Scopes: v.Scopes, ExpiresAt: v.ExpiresAt, MissingScopes: v.Missing,
		Secret: SecretOf(&v),
	}
	for l := range LimitsOf(&v) {
		r.Limits = append(r.Limits, LimitStateOf(l, now))
	}
	if v.Detail != nil {
		r.Name, r.Metadata, r.Credits = v.Name, v.Metadata, v.Credits
		for _, c := range v.Checks {
			r.Checks = append(r.Checks, Check(c))
		}
	}
	return r
}

// SecretOf tells which secret of its record a key is; nothing of a key that is not known.
func SecretOf(v *keywright.Verdict) string {
	switch {
	case v.KeyID.IsZero():
		return ""
	case v.Previous:
		return SecretPrevious
	}
	return SecretCurrent
}

// LimitsOf returns the limits of a verdict: the one that refuses or is nearest to refusing first, then the others where
// they were asked for.
func LimitsOf(v *keywright.Verdict) iter.Seq[*keywright.LimitState] {
	return func(yield func(*keywright.LimitState) bool) {
		if v.Limit.Name == "" || !yield(&v.Limit) || v.Detail == nil {
			return
		}
		first := true
		for i := range v.Limits {
			if first && v.Limits[i] == v.Limit {
				first = false
				continue
			}
			if !yield(&v.Limits[i]) {
				return
			}
		}
	}
}
