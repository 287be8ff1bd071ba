// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/keywright/keywright"
)

// draft decides whether a line can be a record.
func (w *importing) draft(ctx context.Context, q *ImportRequest, d *importDraft) (err error) {
	a, s := w.authority, w.space
	if err := q.check(s); err != nil {
		return err
	}
	place := s.formatPlace(q.Format)
	if place < 0 {
		return invalid("format", "is not one of the keyspace", "use one of "+formatNames(s.Formats))
	}
	r := &d.record
	*r = Record{
		ID: q.ID, Keyspace: s.Name, Format: s.Formats[place].Name, Name: strings.TrimSpace(q.Name), Owner: strings.TrimSpace(q.Owner),
		Parent: q.Parent, Scopes: slices.Clone(q.Scopes), Roles: slices.Clone(q.Roles), Limits: slices.Clone(q.Limits),
		Metadata: compact(q.Metadata), Rules: q.Rules, NotBefore: wholeSeconds(q.NotBefore), Expires: wholeSeconds(q.ExpiresAt),
		Disabled: q.Disabled, Reason: strings.TrimSpace(q.Reason), Created: w.now, Updated: w.now, Version: 1,
	}
	if !q.Revoked.IsZero() {
		r.Revoked = stored(q.Revoked)
	}
	if !q.Created.IsZero() {
		r.Created = stored(q.Created)
	}
	if w.caller.owner != "" && r.Owner == "" {
		r.Owner = w.caller.owner
	}
	r.Credits = q.Credits.kept(r.Created)
	if q.Limits == nil && q.Parent.IsZero() {
		r.Limits = slices.Clone(s.Policy.KeyLimits)
	}
	if err := w.secrets(q, place, r); err != nil {
		return err
	}
	if r.Environment, err = environmentOf(s, firstOf(q.Environment, r.Environment)); err != nil {
		return err
	}
	if err := w.checkKeys(q, place, r.Environment); err != nil {
		return err
	}
	if err := w.checkParent(ctx, r); err != nil {
		return err
	}
	if err := checkDecoy(r.Rules.Decoy, r); err != nil {
		return err
	}
	if err := a.checkRecord(w.caller, s, r); err != nil {
		return err
	}
	if r.ID.IsZero() {
		if r.ID, err = keywright.NewKeyID(w.now, a.noise); err != nil {
			return fmt.Errorf("no randomness: %w", err)
		}
	}
	if q.Credits != nil {
		d.moves = []Put{r.Credits.opening(Account(r.ID), r.Keyspace, "", MoveSet, q.Credits.Remaining, w.now)}
	}
	return nil
}

// compact writes JSON without spaces, so that metadata is the same after an export and an import.
func compact(text []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return text
	}
	return b.Bytes()
}

// formatPlace returns the place of a format, or of the default one for an empty name, or -1.
func (s *space) formatPlace(name string) int {
	if name == "" {
		name = s.Policy.DefaultFormat
	}
	return slices.IndexFunc(s.Formats, func(f keywright.Format) bool { return f.Name == name || name == "" })
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// check looks at what a record does not.
func (q *ImportRequest) check(s *space) error {
	switch {
	case q.Keyspace != "" && q.Keyspace != s.Name:
		return invalid("keyspace", "is another than that of the import", "leave it out, or import into that keyspace")
	case len(q.Secrets) == 0:
		return invalid("hash", "is missing", "give the hash of the key, or the key itself")
	case len(q.Secrets) > maxSecrets:
		return invalid("secrets", "has more than 10 entries", "leave out those that have ended")
	case !q.ID.IsZero() && (q.ID[6]>>4 != 7 || q.ID[8]>>6 != 2):
		return invalid("id", "is not one that was made by an authority", "leave it out: the record gets one")
	case !q.ID.IsZero() && q.ID == q.Parent:
		return invalid("parent", "is the key itself", "name another key, or leave it out")
	case q.Revoked.IsZero() && q.Reason != "":
		return invalid("revoke_reason", "stands without revoked_at", "say when it was revoked")
	case q.ExpiresIn != 0:
		return invalid("expires_in", "is not possible", "give expires_at: an import may be done again")
	}
	if err := checkText("revoke_reason", q.Reason); err != nil {
		return err
	}
	if q.Credits != nil {
		return checkBalance("credits.remaining", q.Credits.Remaining)
	}
	return nil
}

// checkParent sees to it that a child has one, in the same place. What the child may do is judged at each verification: its
// parent may have been narrowed since it was made.
func (w *importing) checkParent(ctx context.Context, r *Record) error {
	if r.Parent.IsZero() {
		return nil
	}
	page, err := w.authority.store.List(ctx, Query{ID: r.Parent})
	if err != nil {
		return fromStore(err)
	}
	const hint = "parents come first: import the record of the parent on an earlier line, with its id"
	if len(page.Records) == 0 || page.Records[0].Keyspace != r.Keyspace {
		return invalid("parent", "is no key of this keyspace", hint)
	}
	p := &page.Records[0]
	switch {
	case p.Owner != r.Owner:
		return invalid("owner", "is not that of the parent", "a child acts for the owner of its parent")
	case p.Environment != r.Environment:
		return invalid("environment", "is not that of the parent", "a child is of the environment of its parent")
	}
	depth, err := w.authority.depth(ctx, p)
	if err != nil {
		return err
	}
	if depth >= maxDepth {
		return invalid("parent", fmt.Sprintf("has %d keys above it", depth), fmt.Sprintf("children go %d deep at most", maxDepth))
	}
	return nil
}
