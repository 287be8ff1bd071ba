// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
)

// A query returns a cursor over the rows of a statement.
type query func(text string, args ...driver.Value) (*cursor, error)

// snapshot lets read query the database as it is at one time. The rows come from the driver itself: database/sql would
// convert each column by reflection, which for a million records takes half a second.
//
// A context that ends while read runs is not looked at: read little.
func (s *Store) snapshot(ctx context.Context, read func(query) error) error {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(raw any) (err error) {
		c, ok := raw.(interface {
			driver.ConnBeginTx
			driver.QueryerContext
		})
		if !ok {
			return fmt.Errorf("the driver has connections of another kind: %T", raw)
		}
		tx, err := c.BeginTx(context.Background(), driver.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, tx.Rollback()) }()
		return read(func(text string, args ...driver.Value) (*cursor, error) {
			named := make([]driver.NamedValue, len(args))
			for i, arg := range args {
				named[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
			}
			rows, err := c.QueryContext(context.Background(), strings.TrimRight(text, "; \r\n"), named)
			if err != nil {
				return nil, err
			}
			return &cursor{rows, make([]driver.Value, len(rows.Columns()))}, nil
		})
	})
}

// A cursor reads the rows of a query.
type cursor struct {
	rows   driver.Rows
	values []driver.Value
}

func (c *cursor) close() { _ = c.rows.Close() }

// next reads one row into columns, as sql.Rows.Scan does for the types that a row has. At the end it returns io.EOF.
func (c *cursor) next(columns []any) error {
	if err := c.rows.Next(c.values); err != nil {
		return err
	}
	if len(columns) != len(c.values) {
		return fmt.Errorf("%d columns where %d are expected", len(c.values), len(columns))
	}
	for i, to := range columns {
		if !assign(to, c.values[i]) {
			return fmt.Errorf("column %d is a %T", i, c.values[i])
		}
	}
	return nil
}

// assign reports whether a value is of the type that a column has.
func assign(to any, value driver.Value) (ok bool) {
	var n int64
	switch to := to.(type) {
	case *string:
		*to, ok = value.(string)
	case *int64:
		*to, ok = value.(int64)
	case *uint64:
		n, ok = value.(int64)
		*to = uint64(n)
	case *bool:
		n, ok = value.(int64)
		*to = n != 0
	case *[]byte:
		*to, ok = value.([]byte)
	case *sql.RawBytes: // the one type that can be NULL
		*to, ok = value.([]byte)
		ok = ok || value == nil
	}
	return ok
}
