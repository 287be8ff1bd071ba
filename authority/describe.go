// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// describe fills in what may be known of the key.
func (j *judgement) describe(step int, ask *keywright.Ask, v *keywright.Verdict) {
	v.Code = codes[step]
	v.Keyspace = j.space.Name
	if !j.found {
		return
	}
	v.KeyID = j.id
	v.PublicID = j.publicID
	v.Format = j.format.Name
	v.Environment = j.kind.environment
	v.Owner = j.owner
	v.Scopes = j.effective()
	v.Previous = j.state.Has(table.Previous)
	if s := j.expires(); s != 0 {
		v.ExpiresAt = time.Unix(int64(s), 0).UTC()
	}
	if step == stepScope {
		v.Missing = keywright.MissingScopes(v.Scopes, ask.Scopes)
		if j.expr != nil {
			_, missing := j.expr.Granted(v.Scopes)
			v.Missing = append(v.Missing, missing...)
		}
	}
}

// include adds what the table does not hold.
func (a *Authority) include(ctx context.Context, v *keywright.Verdict, fields []string) error {
	if !slices.Contains(fields, "name") && !slices.Contains(fields, "metadata") {
		return nil
	}
	page, err := a.store.List(ctx, Query{ID: v.KeyID})
	if err != nil {
		return fromStore(err)
	}
	if len(page.Records) == 0 {
		return &Error{Kind: Unavailable, Problem: "the record of this key is gone", Hint: "look at the log of the server"}
	}
	if v.Detail == nil {
		v.Detail = &keywright.Detail{}
	}
	if slices.Contains(fields, "name") {
		v.Name = page.Records[0].Name
	}
	if slices.Contains(fields, "metadata") {
		v.Metadata = page.Records[0].Metadata
	}
	return nil
}
