// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

const tableGap = 2

// A table is text in columns, for people.
type table struct {
	titles []string
	shrink []bool // columns that may be cut where the terminal is narrow
	rows   [][]string
}

// write writes the table no wider than width, where that is not 0: the widest of the columns that may be cut give way.
func (t *table) write(w io.Writer, width int, colour palette) error {
	widths := t.widths()
	if width > 0 {
		t.fit(widths, width)
	}
	var b strings.Builder
	b.WriteString(t.text(widths, t.titles, colour.dim))
	for _, row := range t.rows {
		b.WriteString(t.text(widths, row, nil))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// dropEmpty leaves out columns behind the first in which no row has anything.
func (t *table) dropEmpty() {
	for i := len(t.titles) - 1; i > 0; i-- {
		if slices.ContainsFunc(t.rows, func(row []string) bool { return row[i] != "-" }) {
			continue
		}
		t.titles, t.shrink = slices.Delete(t.titles, i, i+1), slices.Delete(t.shrink, i, i+1)
		for r := range t.rows {
			t.rows[r] = slices.Delete(t.rows[r], i, i+1)
		}
	}
}

func (t *table) widths() []int {
	widths := make([]int, len(t.titles))
	for i, title := range t.titles {
		widths[i] = runewidth.StringWidth(title)
	}
	for _, row := range t.rows {
		for i := range row {
			row[i] = printable(row[i])
			widths[i] = max(widths[i], runewidth.StringWidth(row[i]))
		}
	}
	return widths
}

func (t *table) fit(widths []int, width int) {
	for total := sum(widths) + tableGap*(len(widths)-1); total > width; total-- {
		widest := -1
		for i, w := range widths {
			if t.shrink[i] && w > 4 && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

// text is one line of the table.
func (t *table) text(widths []int, cells []string, paint func(string) string) string {
	var line strings.Builder
	for i, cell := range cells {
		cell = runewidth.Truncate(cell, widths[i], "…")
		line.WriteString(cell)
		if i < len(cells)-1 {
			line.WriteString(strings.Repeat(" ", widths[i]-runewidth.StringWidth(cell)+tableGap))
		}
	}
	text := strings.TrimRight(line.String(), " ")
	if paint != nil {
		text = paint(text)
	}
	return text + "\n"
}

// printable keeps control characters away from the terminal.
func printable(s string) string {
	if !strings.ContainsFunc(s, unsafeRune) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unsafeRune(r) {
			return '\ufffd'
		}
		return r
	}, s)
}

// unsafeRune reports whether r can change what a terminal shows elsewhere: control characters, and those that turn the
// direction of writing.
func unsafeRune(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// details are named properties of one thing, for people.
type details [][2]string

func (d *details) add(name, value string) {
	if value != "" {
		*d = append(*d, [2]string{name, value})
	}
}

func (d details) write(w io.Writer, indent string, colour palette) error {
	longest := 0
	for _, line := range d {
		longest = max(longest, len(line[0]))
	}
	var b strings.Builder
	for _, line := range d {
		b.WriteString(indent + colour.dim(line[0]) + strings.Repeat(" ", longest-len(line[0])+2) + printable(line[1]) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
