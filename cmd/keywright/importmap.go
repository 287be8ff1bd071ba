// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/keywright/keywright/api"
)

// maxImportLine is what a server reads as one line.
const maxImportLine = 1 << 20

// An importMapping turns the lines of a file into those of an import.
type importMapping struct {
	form      string
	comma     rune
	columns   map[string]string // the fields of columns that have other names
	constants [][2]string
}

// body returns what is sent. Each line stands where it stood in the file, so the server's numbers are those of the file.
func (m *importMapping) body(from io.Reader) (io.Reader, error) {
	if m.form != asCSV && len(m.columns)+len(m.constants) == 0 {
		return from, nil
	}
	b := &mappedBody{mapping: m, in: bufio.NewReaderSize(from, 64<<10)}
	if m.form == asCSV {
		if err := b.header(); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// A mappedBody is read as lines of JSON.
type mappedBody struct {
	mapping *importMapping
	in      *bufio.Reader
	table   *api.ImportTable // of CSV
	out     bytes.Buffer
	ended   bool
	at      int // lines that were read

	mu     sync.Mutex
	failed error                // why the file could not be read
	wrong  map[int]*api.Problem // of lines that were not sent as they are
}

// failure returns why the file could not be read.
func (b *mappedBody) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

// problem returns why a line was not sent as it is, once.
func (b *mappedBody) problem(line int) *api.Problem {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.wrong[line]
	delete(b.wrong, line)
	return p
}

func (b *mappedBody) header() error {
	text, lines, err := b.row()
	if err != nil && err != io.EOF {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return misused("the table is empty", "its first row names the columns")
	}
	if b.table, err = api.NewImportTable(text, b.mapping.comma, b.mapping.columns); err != nil {
		hint := "--map COLUMN=FIELD names a field, --map COLUMN= leaves the column out; fields are " + strings.Join(api.ImportFields(), ", ")
		return misused(detailText(err), hint)
	}
	b.out.WriteString(strings.Repeat("\n", lines))
	b.at = lines
	return nil
}

// Read gives the next lines.
func (b *mappedBody) Read(p []byte) (int, error) {
	for b.out.Len() == 0 && !b.ended {
		if err := b.next(); err == io.EOF {
			b.ended = true
		} else if err != nil {
			b.mu.Lock()
			b.failed = err
			b.mu.Unlock()
			return 0, err
		}
	}
	if b.out.Len() == 0 {
		return 0, io.EOF
	}
	return b.out.Read(p)
}

// next turns a line, or a row of a table, into a line.
func (b *mappedBody) next() error {
	text, lines, err := b.row()
	if err != nil && err != io.EOF {
		return err
	}
	if strings.TrimSpace(text) != "" {
		line, bad := b.mapping.line(b.table, text)
		if bad != nil {
			line = b.refuse(bad)
		}
		b.out.Write(line)
	}
	b.out.WriteString(strings.Repeat("\n", lines))
	b.at += lines
	return err
}

// row reads a row, and over how many lines it goes. One that is too long for a server is passed on cut off but still too
// long.
func (b *mappedBody) row() (text string, lines int, err error) {
	var row []byte
	for {
		part, err := b.in.ReadSlice('\n')
		if len(row) <= maxImportLine {
			row = append(row, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && err != io.EOF {
			return "", 0, unknowable("the file could not be read to its end", "look whether it is still there", err)
		}
		lines++
		if err == io.EOF || b.mapping.form != asCSV || len(row) > maxImportLine || !api.OpenQuote(string(row)) {
			return string(row), lines, err
		}
	}
}

// line returns what is sent for a line of the file.
func (m *importMapping) line(t *api.ImportTable, text string) ([]byte, error) {
	if len(text) > maxImportLine {
		return nil, api.NewProblem(api.TooLarge, "", "the line is longer than 1 MiB", "send less on one line")
	}
	if t == nil {
		return m.object(text)
	}
	l, err := t.Row(strings.TrimRight(text, "\r\n"))
	for _, c := range m.constants {
		if err == nil {
			err = l.Set(c[0], c[1])
		}
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(l)
}

// object names the fields of a JSON object as an import does, and adds constants.
func (m *importMapping) object(text string) ([]byte, error) {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) != nil || object == nil {
		return nil, api.NewProblem(api.InvalidInput, "", "the body is not a JSON object", "one object a line")
	}
	for column, field := range m.columns {
		value, ok := object[column]
		if delete(object, column); ok && field != "" {
			object[field] = value
		}
	}
	var constants api.ImportLine
	for _, c := range m.constants {
		if err := constants.Set(c[0], c[1]); err != nil {
			return nil, err
		}
	}
	text2, err := json.Marshal(constants)
	if err != nil {
		return nil, err
	}
	var fixed map[string]json.RawMessage
	if err := json.Unmarshal(text2, &fixed); err != nil {
		return nil, err
	}
	for field, value := range fixed {
		object[field] = value
	}
	return json.Marshal(object)
}

// refuse keeps the problem of a line, and returns one that the server refuses in its place.
func (b *mappedBody) refuse(err error) []byte {
	var p *api.Problem
	if !errors.As(err, &p) {
		p = api.NewProblem(api.InvalidInput, "", "the line cannot be read", "")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wrong == nil {
		b.wrong = map[int]*api.Problem{}
	}
	b.wrong[b.at+1] = p
	return []byte("{")
}
