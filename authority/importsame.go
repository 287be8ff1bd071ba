// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"reflect"
	"slices"
)

// sameKey reports whether a record that is there can be that of a line: they share a secret, by its hash or, where that
// was renewed since, by its public id.
func sameKey(q *ImportRequest, there *Record, d *importDraft) bool {
	line := &d.record
	if !q.ID.IsZero() && q.ID != there.ID || there.Keyspace != line.Keyspace {
		return false
	}
	if there.ID == q.ID && there.Version > 1 {
		return true // its secrets may have been rotated
	}
	for i, s := range line.Secrets {
		for _, o := range there.Secrets {
			renewed := there.Version > 1 && !o.Registered && s.PublicID != "" && s.PublicID == o.PublicID &&
				(s.Slow != "" || s.Pepper != o.Pepper)
			if slices.Contains(d.hashes[i], o.Hash) || renewed {
				return true
			}
		}
	}
	return false
}

// difference names the first field in which a line differs from a record; empty where it is the same.
func difference(q *ImportRequest, there *Record, d *importDraft) string {
	a, b := there, &d.record
	for _, field := range []struct {
		name string
		same bool
	}{
		{"format", a.Format == b.Format},
		{"environment", a.Environment == b.Environment},
		{"name", a.Name == b.Name},
		{"owner", a.Owner == b.Owner},
		{"parent", a.Parent == b.Parent},
		{"scopes", slices.Equal(a.Scopes, b.Scopes)},
		{"roles", slices.Equal(a.Roles, b.Roles)},
		{"limits", q.Limits == nil || slices.Equal(a.Limits, b.Limits)},
		{"credits", (a.Credits == nil) == (b.Credits == nil) && sameRefill(a.Credits, b.Credits)},
		{"metadata", string(compact(a.Metadata)) == string(b.Metadata)},
		{"rules", a.Rules.IsZero() && b.Rules.IsZero() || reflect.DeepEqual(a.Rules, b.Rules)},
		{"not_before", a.NotBefore.Equal(b.NotBefore)},
		{"expires_at", a.Expires.Equal(b.Expires)},
		{"disabled", a.Disabled == b.Disabled},
		{"revoked_at", a.Revoked.Equal(b.Revoked) && a.Reason == b.Reason},
		{"created_at", q.Created.IsZero() || a.Created.Equal(b.Created)},
		{"secrets", sameSecrets(q, there, d)},
	} {
		if !field.same {
			return field.name
		}
	}
	return ""
}

func sameRefill(a, b *Credits) bool {
	if a == nil || a.Refill == nil || b.Refill == nil {
		return a == nil || a.Refill == b.Refill
	}
	x, y := *a.Refill, *b.Refill
	x.Start = y.Start
	return x == y
}

func sameSecrets(q *ImportRequest, there *Record, d *importDraft) bool {
	if len(there.Secrets) != len(d.record.Secrets) {
		return false
	}
	for i := range there.Secrets {
		x, y := there.Secrets[i], d.record.Secrets[i]
		if !slices.Contains(d.hashes[i], x.Hash) {
			return false
		}
		x.Hash, x.Registered = y.Hash, y.Registered
		if q.Created.IsZero() {
			x.Created = y.Created
		}
		if !q.Secrets[i].Key.IsZero() { // it may be kept with another pepper
			x.Pepper = y.Pepper
		}
		if !x.Created.Equal(y.Created) || !x.Expires.Equal(y.Expires) {
			return false
		}
		x.Created, x.Expires = y.Created, y.Expires
		if x != y {
			return false
		}
	}
	return true
}
