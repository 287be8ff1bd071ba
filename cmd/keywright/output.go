// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
)

// The forms of output.
const (
	asText  = "text"
	asJSON  = "json"
	asJSONL = "jsonl"
	asCSV   = "csv"
)

// outputFlag adds --output for a command that shows many things of a kind.
func outputFlag(cmd *cobra.Command, output *string) {
	choice(cmd, output, "output", asText, "write `FORM`: text, json, jsonl or csv", asText, asJSON, asJSONL, asCSV)
}

// outputOneFlag adds --output for a command that shows one thing.
func outputOneFlag(cmd *cobra.Command, output *string) {
	choice(cmd, output, "output", asText, "write `FORM`: text or json", asText, asJSON)
}

// A column is one property of a row, as text.
type column[T any] struct {
	name string
	text func(T) string
}

// rows writes rows of a kind, one after the other, in a form for programs.
type rows[T any] struct {
	form    string
	w       *bufio.Writer
	columns []column[T]
	csv     *csv.Writer
	cells   []string
	line    bytes.Buffer
	json    *json.Encoder
	count   int
}

func newRows[T any](w io.Writer, form string, columns []column[T]) *rows[T] {
	r := &rows[T]{form: form, w: bufio.NewWriterSize(w, 64<<10), columns: columns, cells: make([]string, len(columns))}
	r.csv = csv.NewWriter(r.w)
	r.json = json.NewEncoder(&r.line)
	r.json.SetEscapeHTML(false)
	return r
}

func (r *rows[T]) add(row T) error {
	r.count++
	if r.form == asCSV {
		return r.addCSV(row)
	}
	r.line.Reset()
	if err := r.json.Encode(row); err != nil {
		return err
	}
	line := r.line.Bytes()
	if r.form == asJSON {
		line = bytes.TrimRight(line, "\n")
		before := ",\n  "
		if r.count == 1 {
			before = "[\n  "
		}
		_, _ = r.w.WriteString(before)
	}
	_, err := r.w.Write(line) // keeps the first error
	return err
}

func (r *rows[T]) addCSV(row T) error {
	if r.count == 1 {
		r.header()
	}
	for i, c := range r.columns {
		r.cells[i] = c.text(row)
	}
	return r.csv.Write(r.cells)
}

func (r *rows[T]) header() {
	for i, c := range r.columns {
		r.cells[i] = c.name
	}
	_ = r.csv.Write(r.cells) // keeps the first error
}

// flush writes what was added so far.
func (r *rows[T]) flush() error {
	r.csv.Flush()
	if err := r.csv.Error(); err != nil {
		return err
	}
	return r.w.Flush()
}

// end writes what is left. No rows are an empty array, or the names of the columns alone.
func (r *rows[T]) end() error {
	switch {
	case r.form == asJSON && r.count == 0:
		_, _ = r.w.WriteString("[]\n")
	case r.form == asJSON:
		_, _ = r.w.WriteString("\n]\n")
	case r.form == asCSV:
		if r.count == 0 {
			r.header()
		}
		r.csv.Flush()
		if err := r.csv.Error(); err != nil {
			return err
		}
	}
	return r.w.Flush()
}

// writeJSON writes one value for programs.
func (s *session) writeJSON(v any) error { return writeJSON(s.stdout, v) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
