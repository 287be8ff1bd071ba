// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"fmt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// record returns what a record itself tells, for the wire: never a hash.
func (s *Server) record(r *authority.Record) api.Record {
	w := api.Record{
		ID: r.ID, Keyspace: r.Keyspace, Format: r.Format, Environment: r.Environment, Name: r.Name, Owner: r.Owner,
		State: string(s.authority.StateOf(r)), Parent: r.Parent, Scopes: list(r.Scopes), Roles: r.Roles,
		Limits: limitsOut(r.Limits), Metadata: r.Metadata, Secrets: []api.RecordSecret{},
		AllowedNetworks: r.Rules.Networks, AllowedOrigins: r.Rules.Origins, AllowedMethods: r.Rules.Methods,
		AllowedPaths: r.Rules.Paths, Keyspaces: r.Rules.Keyspaces, BoundOwner: r.Rules.Owner,
		NotBefore: r.NotBefore, ExpiresAt: r.Expires, ExpiresSoon: s.authority.ExpiresSoon(r),
		RevokedAt: r.Revoked, RevokeReason: r.Reason, CreatedAt: r.Created, UpdatedAt: r.Updated, Version: r.Version,
	}
	if d := r.Rules.Decoy; d != nil {
		w.Decoy = &api.Decoy{Planted: d.Planted}
	}
	w.RotateBy, w.RotationDue = s.authority.RotateBy(r)
	for i, secret := range r.Secrets {
		of := api.SecretPrevious
		if i == 0 {
			of, w.PublicID = api.SecretCurrent, secret.PublicID
		}
		w.Secrets = append(w.Secrets, api.RecordSecret{
			PublicID: secret.PublicID, Secret: of, CreatedAt: secret.Created, ExpiresAt: secret.Expires, Idle: api.Duration(secret.Idle),
		})
	}
	if r.Credits != nil {
		w.Credits = &api.Credits{Refill: refillOut(r.Credits.Refill)}
	}
	w.Display = s.display(&w)
	return w
}

// whole returns a record with what is kept beside it: when its secrets were last used, and what is left of its credits.
// Whoever may see the record may see these.
func (s *Server) whole(ctx context.Context, r *authority.Record) (api.Record, error) {
	w := s.record(r)
	uses, err := s.authority.LastUses(ctx, reader, r)
	if err != nil {
		return w, err
	}
	for i, use := range uses {
		w.Secrets[i].LastUsedAt, w.Secrets[i].LastUsedFrom = use.Time, use.From
		if use.Time.After(w.LastUsedAt) {
			w.LastUsedAt = use.Time
		}
	}
	if r.Credits == nil {
		return w, nil
	}
	balance, err := s.authority.Credits(ctx, reader, r.ID)
	w.Credits.Remaining, w.Credits.NextRefillAt = balance.Remaining, balance.Next
	return w, err
}

// reader reads what a caller may see who was allowed to see something else.
var reader = authority.Operator("server", authority.Origin{})

// display writes the public segments of a key, by which a person knows it again.
func (s *Server) display(r *api.Record) string {
	// Labels are public: a caller need not be allowed to read keyspaces to see those of a key it may read.
	space, err := s.authority.Keyspace(reader, r.Keyspace)
	if err != nil {
		return ""
	}
	f := space.Format(r.Format)
	if f == nil {
		return ""
	}
	var text string
	labels := []string{f.Prefix}
	if f.Environment != "" {
		labels = append(labels, r.Environment)
	}
	for _, label := range append(labels, r.PublicID) {
		if label != "" {
			text += label + f.Separator
		}
	}
	return text + "…"
}

// list is never null on the wire.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func issueRequest(q *api.IssueRequest) authority.IssueRequest {
	in := authority.IssueRequest{
		Keyspace: q.Keyspace, Format: q.Format, Environment: q.Environment, Name: q.Name, Owner: q.Owner, Scopes: q.Scopes,
		Roles: q.Roles, Limits: limitsIn(q.Limits), Credits: creditsIn(q.Credits), Metadata: given(q.Metadata), NotBefore: q.NotBefore, ExpiresAt: q.ExpiresAt, ExpiresIn: q.ExpiresIn.Duration(),
		Hash: q.Hash, PublicID: q.PublicID,
		Rules: authority.Rules{
			Networks: q.AllowedNetworks, Origins: q.AllowedOrigins, Methods: q.AllowedMethods, Paths: q.AllowedPaths,
			Keyspaces: q.Keyspaces, Owner: q.BoundOwner,
		},
	}
	if d := q.Decoy; d != nil {
		in.Decoy = &authority.Decoy{Planted: d.Planted}
	}
	return in
}

// given returns a JSON value, where null is none.
func given(raw []byte) []byte {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// issueResponse tells what was issued. The key is shown once, so what is kept beside the record must not fail the answer:
// of a new key it is known, of another it is left out where it cannot be read.
func (s *Server) issueResponse(ctx context.Context, i *authority.Issued) api.IssueResponse {
	out := api.IssueResponse{Key: api.NewKey(i.Key), Record: s.record(&i.Record), Repeated: i.Repeated, Warnings: i.Warnings}
	switch {
	case i.Credits != nil:
		out.Record.Credits.Remaining = *i.Credits
	case i.Repeated || i.Record.Version > 1:
		if w, err := s.whole(ctx, &i.Record); err == nil {
			out.Record = w
		}
	}
	return out
}

func update(p *api.KeyPatch) authority.Update {
	u := authority.Update{
		Name: p.Name, Owner: p.Owner, Scopes: p.Scopes, Roles: p.Roles, Credits: creditsUpdate(p.Credits), Networks: p.AllowedNetworks, Origins: p.AllowedOrigins,
		Methods: p.AllowedMethods, Paths: p.AllowedPaths, Keyspaces: p.Keyspaces,
	}
	if p.Limits != nil {
		limits := limitsIn(*p.Limits)
		u.Limits = &limits
	}
	if p.Metadata != nil {
		metadata := given(*p.Metadata)
		u.Metadata = &metadata
	}
	if p.NotBefore != nil {
		u.NotBefore = &p.NotBefore.Time
	}
	if p.ExpiresAt != nil {
		u.ExpiresAt = &p.ExpiresAt.Time
	}
	return u
}

func receipt(r authority.Receipt) api.Receipt {
	return api.Receipt{KeyID: r.KeyID, RevokedAt: r.Revoked, EffectiveAt: r.True, TokensUntil: r.TokensUntil}
}

func keyspace(k authority.Keyspace) api.Keyspace {
	w := api.Keyspace{
		Name: k.Name, Formats: []api.Format{}, Environments: list(k.Environments),
		Policy: policyOut(&k.Policy), CreatedAt: k.Created, UpdatedAt: k.Updated, Version: k.Version,
	}
	for _, f := range k.Formats {
		w.Formats = append(w.Formats, api.FormatOf(f))
	}
	return w
}

func formats(given []api.Format) ([]keywright.Format, error) {
	var resolved []keywright.Format
	for i := range given {
		f, err := given[i].Resolve()
		if err != nil {
			p := err.(*keywright.FormatError) // which is all that Resolve returns
			return nil, invalid(fmt.Sprintf("formats[%d].%s", i, p.Field), p.Problem, p.Hint)
		}
		resolved = append(resolved, f)
	}
	return resolved, nil
}

func event(e *authority.Event) api.Event {
	w := api.Event{
		Sequence: e.Sequence, Time: e.Time, Actor: e.Actor, Verb: e.Verb, Target: e.Target, Keyspace: e.Keyspace,
		RequestID: e.Request, Changes: list(e.Changes), Previous: e.Previous, Hash: e.Hash,
	}
	for _, p := range e.Personal {
		w.Personal = append(w.Personal, api.PersonalField(p))
	}
	return w
}
