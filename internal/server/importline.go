// SPDX-License-Identifier: Apache-2.0

package server

import (
	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// importRequest returns a line as the authority takes it.
func importRequest(l *api.ImportLine) (authority.ImportRequest, error) {
	q := authority.ImportRequest{
		ID: l.ID, Parent: l.Parent, Created: l.CreatedAt, Disabled: l.Disabled, Revoked: l.RevokedAt, Reason: l.RevokeReason,
		IssueRequest: authority.IssueRequest{
			Keyspace: l.Keyspace, Format: l.Format, Environment: l.Environment, Name: l.Name, Owner: l.Owner, Scopes: l.Scopes,
			Roles: l.Roles, Limits: limitsIn(l.Limits), Credits: creditsIn(l.Credits), Metadata: given(l.Metadata),
			NotBefore: l.NotBefore, ExpiresAt: l.ExpiresAt,
			Rules: authority.Rules{
				Networks: l.AllowedNetworks, Origins: l.AllowedOrigins, Methods: l.AllowedMethods, Paths: l.AllowedPaths,
				Keyspaces: l.Keyspaces, Owner: l.BoundOwner,
			},
		},
	}
	if l.Decoy != nil {
		q.Rules.Decoy = &authority.Decoy{Planted: l.Decoy.Planted}
	}
	for _, s := range l.AllSecrets() {
		in := authority.ImportSecret{
			Key: s.Key.Secret, Hash: s.Hash, Encoding: s.HashEncoding, Algorithm: s.Algorithm, Pepper: s.Pepper, PublicID: s.PublicID,
			Created: s.CreatedAt, Expires: s.ExpiresAt, Grace: s.Grace, Idle: s.Idle.Duration(),
		}
		if s.Covers != "" {
			in.Covers = new(keywright.Cover)
			if in.Covers.UnmarshalText([]byte(s.Covers)) != nil {
				return q, invalid("covers", "is not known", "use full, secret or bytes")
			}
		}
		q.Secrets = append(q.Secrets, in)
	}
	return q, nil
}

// importLine returns a record as it is exported.
func importLine(e *authority.Exported, hashes bool) api.ImportLine {
	r := &e.Record
	l := api.ImportLine{
		ID: r.ID, Keyspace: r.Keyspace, Format: r.Format, Environment: r.Environment, Name: r.Name, Owner: r.Owner, Parent: r.Parent,
		Scopes: r.Scopes, Roles: r.Roles, Limits: limitsOut(r.Limits), Metadata: r.Metadata, AllowedNetworks: r.Rules.Networks,
		AllowedOrigins: r.Rules.Origins, AllowedMethods: r.Rules.Methods, AllowedPaths: r.Rules.Paths, Keyspaces: r.Rules.Keyspaces,
		BoundOwner: r.Rules.Owner, NotBefore: r.NotBefore, ExpiresAt: r.Expires, CreatedAt: r.Created, Disabled: r.Disabled,
		RevokedAt: r.Revoked, RevokeReason: r.Reason,
	}
	if l.Limits == nil {
		l.Limits = []api.Limit{} // none, and not those of the keyspace where it is imported
	}
	if d := r.Rules.Decoy; d != nil {
		l.Decoy = &api.Decoy{Planted: d.Planted}
	}
	if e.Credits != nil {
		l.Credits = &api.CreditsRequest{Remaining: e.Credits.Remaining, Refill: refillOut(e.Credits.Refill)}
	}
	for i := range r.Secrets {
		s := &r.Secrets[i]
		out := api.ImportSecret{PublicID: s.PublicID, CreatedAt: s.Created, ExpiresAt: s.Expires, Grace: s.Grace, Idle: api.Duration(s.Idle)}
		if hashes {
			out.Hash, out.Algorithm, out.Pepper, out.Covers = s.Hash.String(), s.Algorithm(), s.Pepper, e.Covers.String()
			if s.Slow != "" {
				out.Hash = s.Slow
			}
		}
		l.Secrets = append(l.Secrets, out)
	}
	if len(l.Secrets) == 1 && l.Secrets[0].ExpiresAt.IsZero() && l.Secrets[0].CreatedAt.Equal(r.Created) {
		only := l.Secrets[0]
		l.Secrets, l.Hash, l.Algorithm, l.Pepper, l.Covers, l.PublicID = nil, only.Hash, only.Algorithm, only.Pepper, only.Covers, only.PublicID
	}
	return l
}
