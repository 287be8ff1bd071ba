// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
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
	Include     []string   `json:"include,omitempty" nullable:"false" enum:"name,metadata" doc:"Fields that a verdict carries on request, at the cost of a query."`
	Explain     bool       `json:"explain,omitempty" doc:"List every check, not only the first that failed."`
	DryRun      bool       `json:"dry_run,omitempty" doc:"Leave no trace: nothing is counted."`
}

// A VerifyResponse is a verdict. A key that is malformed or not found has nothing but valid, code and keyspace.
type VerifyResponse struct {
	Valid         bool            `json:"valid" doc:"Whether the key may be used as asked."`
	Code          keywright.Code  `json:"code" enum:"VALID,MALFORMED,NOT_FOUND,REVOKED,DISABLED,EXPIRED,NOT_YET_VALID,FORBIDDEN,INSUFFICIENT_SCOPE" doc:"VALID, or the first reason why not."`
	KeyID         keywright.KeyID `json:"key_id,omitzero" doc:"The id of the record: stable through rotations." example:"key_0DFUqXqVeEpK4nSQhDZ0mR"`
	PublicID      string          `json:"public_id,omitempty" doc:"The segment of the key that may be logged."`
	Keyspace      string          `json:"keyspace,omitempty"`
	Format        string          `json:"format,omitempty" doc:"The name of the key's format in the keyspace." example:"secret"`
	Environment   string          `json:"environment,omitempty" example:"live"`
	Owner         string          `json:"owner,omitempty" doc:"Whose key it is: an id of the caller's own." example:"team_7"`
	Scopes        []string        `json:"scopes,omitempty" nullable:"false" doc:"What the key grants."`
	ExpiresAt     time.Time       `json:"expires_at,omitzero" doc:"When the key ends; absent: never."`
	MissingScopes []string        `json:"missing_scopes,omitempty" nullable:"false" doc:"With INSUFFICIENT_SCOPE: the scopes that the key has not."`
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
	return keywright.Ask{
		Key: r.Key.Secret, Keyspace: r.Keyspace, Environment: r.Environment, Scopes: r.Scopes, ScopeExpr: r.ScopeExpr,
		ClientIP: r.ClientIP, Method: r.Method, Path: r.Path, Origin: r.Origin, Include: r.Include,
		Explain: r.Explain, DryRun: r.DryRun,
	}
}

// VerifyRequestOf returns an ask for the wire.
func VerifyRequestOf(a keywright.Ask) VerifyRequest {
	return VerifyRequest{
		Key: NewKey(a.Key), Keyspace: a.Keyspace, Environment: a.Environment, Scopes: a.Scopes, ScopeExpr: a.ScopeExpr,
		ClientIP: a.ClientIP, Method: a.Method, Path: a.Path, Origin: a.Origin, Include: a.Include,
		Explain: a.Explain, DryRun: a.DryRun,
	}
}

// Verdict returns the response as a program reads it.
func (r *VerifyResponse) Verdict() keywright.Verdict {
	v := keywright.Verdict{
		Code: r.Code, KeyID: r.KeyID, PublicID: r.PublicID, Keyspace: r.Keyspace, Format: r.Format,
		Environment: r.Environment, Owner: r.Owner, Scopes: r.Scopes, ExpiresAt: r.ExpiresAt, Missing: r.MissingScopes,
	}
	if r.Name != "" || len(r.Metadata) > 0 || len(r.Checks) > 0 {
		v.Detail = &keywright.Detail{Name: r.Name, Metadata: r.Metadata}
		for _, c := range r.Checks {
			v.Checks = append(v.Checks, keywright.Check(c))
		}
	}
	return v
}

// VerifyResponseOf returns a verdict for the wire.
func VerifyResponseOf(v keywright.Verdict) VerifyResponse {
	r := VerifyResponse{
		Valid: v.Valid(), Code: v.Code, KeyID: v.KeyID, PublicID: v.PublicID, Keyspace: v.Keyspace, Format: v.Format,
		Environment: v.Environment, Owner: v.Owner, Scopes: v.Scopes, ExpiresAt: v.ExpiresAt, MissingScopes: v.Missing,
	}
	if v.Detail != nil {
		r.Name, r.Metadata = v.Name, v.Metadata
		for _, c := range v.Checks {
			r.Checks = append(r.Checks, Check(c))
		}
	}
	return r
}
