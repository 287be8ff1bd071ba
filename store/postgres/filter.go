// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"slices"
	"strconv"
	"strings"

	"github.com/keywright/keywright/store/internal/column"
)

// A filter is the condition of a query, put together from the fields that are asked for.
type filter struct {
	terms []string
	args  []any
}

// and adds a term. Each ? in it stands for the next of args.
func (f *filter) and(term string, args ...any) {
	for _, a := range args {
		f.args = append(f.args, a)
		term = strings.Replace(term, "?", "$"+strconv.Itoa(len(f.args)), 1)
	}
	f.terms = append(f.terms, term)
}

// andText compares a column, if there is something to compare it with.
func (f *filter) andText(column, value string) {
	if value != "" {
		f.andTexts(column+" = ?", value)
	}
}

// andTexts adds a term over text. What no column can hold is not found: the server would call it an error.
func (f *filter) andTexts(term string, values ...string) {
	args := make([]any, len(values))
	for i, v := range values {
		if column.CheckText("text", v) != nil {
			f.and("FALSE")
			return
		}
		args[i] = v
	}
	f.and(term, args...)
}

// query puts the filter into the places that a statement leaves for it and for the limit; 0 is none.
func (f *filter) query(text string, limit int) (string, []any) {
	condition := "TRUE"
	if len(f.terms) > 0 {
		condition = strings.Join(f.terms, " AND ")
	}
	text = strings.Replace(text, "/* filter */", condition, 1)
	if limit <= 0 {
		return strings.Replace(text, "/* limit */", "ALL", 1), f.args
	}
	args := append(slices.Clip(f.args), limit)
	return strings.Replace(text, "/* limit */", "$"+strconv.Itoa(len(args)), 1), args
}

// oneMore is the limit of a query that shall also tell whether there is more.
func oneMore(limit int) int {
	if limit <= 0 {
		return 0
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
