// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql/driver"
	"iter"
)

// encodedAhead is how many lists of values there are: one is being inserted, and the others are made meanwhile.
const encodedAhead = 4

// encoded makes lists of the values of so many rows each, on another core than that which inserts them. A list is good
// until the next one. The first error is the last that comes.
func encoded(from, to, rows int, args func(int) ([]any, error)) iter.Seq2[[]driver.NamedValue, error] {
	type list struct {
		values []driver.NamedValue
		err    error
	}
	return func(yield func([]driver.NamedValue, error) bool) {
		next, spare := make(chan list, encodedAhead), make(chan []driver.NamedValue, encodedAhead)
		for range encodedAhead {
			spare <- nil
		}
		go func() {
			defer close(next)
			for i := from; i < to; i += rows {
				values, ok := <-spare
				if !ok {
					return
				}
				values, err := encodeRows(values[:0], i, i+rows, args)
				next <- list{values, err}
				if err != nil {
					return
				}
			}
		}()
		defer func() { // when it returns, nothing reads the rows any more
			close(spare)
			for range next {
			}
		}()
		for l := range next {
			if !yield(l.values, l.err) {
				return
			}
			spare <- l.values
		}
	}
}

// encodeRows appends the values of rows.
func encodeRows(values []driver.NamedValue, from, to int, args func(int) ([]any, error)) ([]driver.NamedValue, error) {
	for i := from; i < to; i++ {
		row, err := args(i)
		if err != nil {
			return nil, err
		}
		for _, v := range row {
			values = append(values, driver.NamedValue{Ordinal: len(values) + 1, Value: value(v)})
		}
	}
	return values, nil
}

// value turns a number into the one kind that drivers take.
func value(v any) driver.Value {
	switch v := v.(type) {
	case int:
		return int64(v)
	case uint64:
		return int64(v)
	}
	return v
}
