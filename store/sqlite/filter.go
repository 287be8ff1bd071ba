// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"slices"
	"strings"
)

// A filter is the condition of a query, put together from the fields that are asked for.
type filter struct {
	terms []string
	args  []any
}

func (f *filter) and(term string, args ...any) {
	f.terms = append(f.terms, term)
	f.args = append(f.args, args...)
}

// andText compares a column, if there is something to compare it with.
func (f *filter) andText(column, value string) {
	if value != "" {
		f.and(column+" = ?", value)
	}
}

// query puts the filter into the place that a statement leaves for it. The limit is its last argument.
func (f *filter) query(text string, limit int) (string, []any) {
	condition := "TRUE"
	if len(f.terms) > 0 {
		condition = strings.Join(f.terms, " AND ")
	}
	return strings.Replace(text, "/* filter */", condition, 1), append(slices.Clip(f.args), limit)
}

// oneMore is the limit of a query that shall also tell whether there is more. SQLite takes -1 for no limit.
func oneMore(limit int) int {
	if limit <= 0 {
		return -1
	}
	return limit + 1
}

// page cuts what oneMore brought too much.
func page[T any](found []T, limit int) ([]T, bool) {
	if limit > 0 && len(found) > limit {
		return found[:limit], true
	}
	return found, false
}
