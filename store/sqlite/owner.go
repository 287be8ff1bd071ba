// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

func (t *transaction) putOwner(o *authority.Owner) error {
	args, err := ownerArgs(o)
	if err != nil {
		return err
	}
	return t.insertOrUpdate(t.put.insertOwner, t.put.updateOwner, o.Version, args...)
}

// ownerArgs are the values of insert_owner and update_owner.
func ownerArgs(o *authority.Owner) ([]any, error) {
	if err := column.CheckTexts("keyspace", o.Keyspace, "id", o.ID); err != nil {
		return nil, fmt.Errorf("owner: %w", err)
	}
	limits, err := column.Limits(o.Limits)
	if err != nil {
		return nil, fmt.Errorf("owner: %w", err)
	}
	credits := ""
	if o.Credits != nil {
		if credits, err = column.JSON(o.Credits); err != nil {
			return nil, fmt.Errorf("owner: credits: %w", err)
		}
	}
	return []any{o.Keyspace, o.ID, o.Version, limits, credits, column.Millis(o.Created), column.Millis(o.Updated)}, nil
}

// remove deletes what is there at its version.
func (t *transaction) remove(r *authority.Removal) error {
	if o := r.Owner; o != nil {
		if err := t.removeOne(t.put.deleteOwner, o.Keyspace, o.ID, o.Version); err != nil {
			return err
		}
	}
	if i := r.Item; i != nil {
		return t.removeOne(t.put.deleteItem, i.Kind, i.Name, i.Version)
	}
	return nil
}

func (t *transaction) removeOne(statement *sql.Stmt, args ...any) error {
	n, err := t.exec(statement, args...)
	if err == nil && n == 0 {
		return &authority.ConflictError{What: "version"}
	}
	return err
}

func (s *Store) listOwners(ctx context.Context, q authority.Query) ([]authority.Owner, bool, error) {
	var f filter
	f.andText("keyspace", q.Keyspace)
	f.andText("id", q.Owner)
	if q.After != "" {
		f.and("id > ?", q.After)
	}
	return listPage(ctx, s.read, &f, listOwnersSQL, q.Limit, decodeOwner)
}

func decodeOwner(rows *sql.Rows) (o authority.Owner, err error) {
	var limits, credits string
	var created, updated int64
	if err := rows.Scan(&o.Keyspace, &o.ID, &o.Version, &limits, &credits, &created, &updated); err != nil {
		return o, err
	}
	o.Created, o.Updated = column.FromMillis(created), column.FromMillis(updated)
	if err := errors.Join(column.Decode(limits, &o.Limits), column.Decode(credits, &o.Credits)); err != nil {
		return o, fmt.Errorf("an owner in keyspace %s: %w", o.Keyspace, err)
	}
	return o, nil
}
