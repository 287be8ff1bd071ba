// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// An importColumn is a field of an ImportLine as one cell of a table. Lists are words with spaces or commas between them;
// what has parts of its own is JSON.
type importColumn struct {
	name string
	set  func(*ImportLine, string) error
	get  func(*ImportLine) string
}

var importColumns = []importColumn{
	textColumn("id", func(l *ImportLine) *keywright.KeyID { return &l.ID }),
	wordColumn("keyspace", func(l *ImportLine) *string { return &l.Keyspace }),
	wordColumn("format", func(l *ImportLine) *string { return &l.Format }),
	wordColumn("environment", func(l *ImportLine) *string { return &l.Environment }),
	wordColumn("name", func(l *ImportLine) *string { return &l.Name }),
	wordColumn("owner", func(l *ImportLine) *string { return &l.Owner }),
	textColumn("parent", func(l *ImportLine) *keywright.KeyID { return &l.Parent }),
	listColumn("scopes", func(l *ImportLine) *[]string { return &l.Scopes }),
	listColumn("roles", func(l *ImportLine) *[]string { return &l.Roles }),
	jsonColumn("limits", func(l *ImportLine) *[]Limit { return &l.Limits }),
	jsonColumn("credits", func(l *ImportLine) **CreditsRequest { return &l.Credits }),
	jsonColumn("metadata", func(l *ImportLine) *json.RawMessage { return &l.Metadata }),
	networkColumn("allowed_networks", func(l *ImportLine) *[]netip.Prefix { return &l.AllowedNetworks }),
	listColumn("allowed_origins", func(l *ImportLine) *[]string { return &l.AllowedOrigins }),
	listColumn("allowed_methods", func(l *ImportLine) *[]string { return &l.AllowedMethods }),
	listColumn("allowed_paths", func(l *ImportLine) *[]string { return &l.AllowedPaths }),
	listColumn("keyspaces", func(l *ImportLine) *[]string { return &l.Keyspaces }),
	wordColumn("bound_owner", func(l *ImportLine) *string { return &l.BoundOwner }),
	jsonColumn("decoy", func(l *ImportLine) **Decoy { return &l.Decoy }),
	timeColumn("not_before", func(l *ImportLine) *time.Time { return &l.NotBefore }),
	timeColumn("expires_at", func(l *ImportLine) *time.Time { return &l.ExpiresAt }),
	timeColumn("created_at", func(l *ImportLine) *time.Time { return &l.CreatedAt }),
	boolColumn("disabled", func(l *ImportLine) *bool { return &l.Disabled }),
	timeColumn("revoked_at", func(l *ImportLine) *time.Time { return &l.RevokedAt }),
	wordColumn("revoke_reason", func(l *ImportLine) *string { return &l.RevokeReason }),
	{
		"key", func(l *ImportLine, s string) error {
			if s != "" {
				l.Key = NewKey(keywright.NewSecret(s))
			}
			return nil
		},
		func(*ImportLine) string { return "" },
	},
	wordColumn("hash", func(l *ImportLine) *string { return &l.Hash }),
	wordColumn("hash_encoding", func(l *ImportLine) *string { return &l.HashEncoding }),
	wordColumn("algorithm", func(l *ImportLine) *string { return &l.Algorithm }),
	wordColumn("pepper", func(l *ImportLine) *string { return &l.Pepper }),
	wordColumn("covers", func(l *ImportLine) *string { return &l.Covers }),
	wordColumn("public_id", func(l *ImportLine) *string { return &l.PublicID }),
	jsonColumn("secrets", func(l *ImportLine) *[]ImportSecret { return &l.Secrets }),
}

// ImportFields lists the fields of an ImportLine, as they are the columns of a table.
func ImportFields() []string {
	names := make([]string, len(importColumns))
	for i, c := range importColumns {
		names[i] = c.name
	}
	return names
}

// Set fills in a field from a cell of a table; an empty one leaves it as it is. The error is a *Problem and never repeats
// the cell.
func (l *ImportLine) Set(field, cell string) error {
	i := slices.IndexFunc(importColumns, func(c importColumn) bool { return c.name == field })
	if i < 0 {
		return NewProblem(InvalidInput, "", "a column is not known", "fields are "+strings.Join(ImportFields(), ", "))
	}
	if cell = strings.TrimSpace(cell); cell == "" {
		return nil
	}
	if err := importColumns[i].set(l, cell); err != nil {
		return NewProblem(InvalidInput, field, field+" "+err.Error(), "")
	}
	return nil
}

// Cells returns the fields as cells of a table, in the order of ImportFields.
func (l *ImportLine) Cells() []string {
	cells := make([]string, len(importColumns))
	for i, c := range importColumns {
		cells[i] = guardCell(c.get(l))
	}
	return cells
}

// What a spreadsheet would take for a formula gets an apostrophe in front, which an import takes away again.
const formulas = "=+-@\t\r'"

func guardCell(s string) string {
	if s != "" && strings.IndexByte(formulas, s[0]) >= 0 {
		return "'" + s
	}
	return s
}

func unguardCell(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.IndexByte(formulas, s[1]) >= 0 {
		return s[1:]
	}
	return s
}

// An ImportTable reads rows of CSV (RFC 4180) as import lines, by the names of its columns.
type ImportTable struct {
	comma  rune
	fields []string // of each column; empty: left out
}

// NewImportTable reads the header of a table. Names maps columns to fields, or to nothing to leave them out; a column
// that it does not name is the field of its own name. The error is a *Problem.
func NewImportTable(header string, comma rune, names map[string]string) (*ImportTable, error) {
	t := &ImportTable{comma: comma}
	columns, err := t.split(strings.TrimPrefix(header, "\ufeff"))
	if err != nil {
		return nil, err
	}
	known, used := ImportFields(), map[string]bool{}
	for _, column := range columns {
		column = strings.TrimSpace(column)
		field, mapped := names[column]
		if used[column] = true; !mapped {
			field = column
		}
		switch {
		case field != "" && !slices.Contains(known, field):
			return nil, NewProblem(InvalidInput, "", "the table has a column that is no field", "fields are "+strings.Join(known, ", ")+"; map the column to one of them, or to nothing")
		case field != "" && slices.Contains(t.fields, field):
			return nil, NewProblem(InvalidInput, field, field+" is the field of two columns", "map one of them to nothing")
		}
		t.fields = append(t.fields, field)
	}
	for column := range names {
		if !used[column] {
			return nil, NewProblem(InvalidInput, "", "a column that is mapped is not in the table", "the first line of the table names its columns")
		}
	}
	return t, nil
}

var errRow = errors.New("is not a row of CSV: a quote is not closed, or stands where none should")

func (t *ImportTable) split(row string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(row))
	r.Comma, r.FieldsPerRecord = t.comma, -1
	cells, err := r.Read()
	if err != nil {
		return nil, NewProblem(InvalidInput, "", "the line "+errRow.Error(), "put cells with quotes into quotes and double those (RFC 4180)")
	}
	if _, err := r.Read(); err == nil {
		return nil, NewProblem(InvalidInput, "", "the line "+errRow.Error(), "send one row a line")
	}
	return cells, nil
}

// Row reads a row. The error is a *Problem and never repeats a cell.
func (t *ImportTable) Row(row string) (l ImportLine, err error) {
	cells, err := t.split(row)
	if err != nil {
		return l, err
	}
	if len(cells) != len(t.fields) {
		return l, NewProblem(InvalidInput, "", fmt.Sprintf("the row has %d cells, and the table %d columns", len(cells), len(t.fields)), "put cells with a separator into quotes")
	}
	for i, cell := range cells {
		if t.fields[i] == "" {
			continue
		}
		if err := l.Set(t.fields[i], unguardCell(cell)); err != nil {
			return l, err
		}
	}
	return l, nil
}

// OpenQuote reports whether a line of CSV ends within quotes, so that the row goes on in the next line.
func OpenQuote(line string) bool { return strings.Count(line, `"`)%2 == 1 }
