// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

func (t *transaction) putItem(i *authority.Item) error {
	args, err := itemArgs(i)
	if err != nil {
		return err
	}
	return t.insertOrUpdate(t.put.insertItem, t.put.updateItem, i.Version, args...)
}

// itemArgs are the values of insert_item and update_item.
func itemArgs(i *authority.Item) ([]any, error) {
	if err := column.CheckTexts("kind", i.Kind, "name", i.Name); err != nil {
		return nil, fmt.Errorf("item: %w", err)
	}
	return []any{i.Kind, i.Name, i.Version, column.Bytes(i.Data), column.Millis(i.Created)}, nil
}

func (s *Store) listItems(ctx context.Context, q authority.Query) ([]authority.Item, bool, error) {
	var f filter
	f.andText("kind", q.Item)
	f.andText("name", q.Name)
	if q.After != "" {
		f.and("name > ?", q.After)
	}
	return listPage(ctx, s.read, &f, listItemsSQL, q.Limit, decodeItem)
}

func decodeItem(rows *sql.Rows) (i authority.Item, err error) {
	var created int64
	err = rows.Scan(&i.Kind, &i.Name, &i.Version, &i.Data, &created)
	i.Created = column.FromMillis(created)
	return i, err
}
