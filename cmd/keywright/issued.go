// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright/api"
)

// An issuedRow is a new key and its record, as programs see them.
type issuedRow struct {
	Key            api.Key      `json:"key,omitzero"`
	Record         api.Record   `json:"record"`
	PreviousEndsAt time.Time    `json:"previous_ends_at,omitzero"` // of a rotation
	PreviousIdle   api.Duration `json:"previous_idle,omitempty"`
	Repeated       bool         `json:"repeated,omitempty"`
}

func issuedRowOf(r *api.IssueResponse) issuedRow {
	return issuedRow{Key: r.Key, Record: r.Record, Repeated: r.Repeated}
}

var issuedColumns = []column[issuedRow]{
	{"key", func(r issuedRow) string { return r.Key.Reveal() }},
	{"id", func(r issuedRow) string { return r.Record.ID.String() }},
	{"keyspace", func(r issuedRow) string { return r.Record.Keyspace }},
	{"environment", func(r issuedRow) string { return r.Record.Environment }},
	{"public_id", func(r issuedRow) string { return r.Record.PublicID }},
	{"name", func(r issuedRow) string { return r.Record.Name }},
	{"owner", func(r issuedRow) string { return r.Record.Owner }},
	{"scopes", func(r issuedRow) string { return strings.Join(r.Record.Scopes, " ") }},
	{"expires_at", func(r issuedRow) string { return timeText(r.Record.ExpiresAt) }},
}

var rotatedColumns = append(slices.Clone(issuedColumns),
	column[issuedRow]{"previous_ends_at", func(r issuedRow) string { return timeText(r.PreviousEndsAt) }})

// A keptIn says where new keys are written.
type keptIn struct {
	to      string // a file of mode 0600; empty: standard output
	replace bool   // the file, if it exists
	output  string // the form on standard output
	count   int    // 0: one key, not a list of one
	columns []column[issuedRow]
}

// An issuedSink is where issued keys are written.
type issuedSink struct {
	write   func(issuedRow) error
	end     func() error
	discard func()
}

// issuedSink opens the place before a key is made: a key that cannot be kept must not be issued.
func (s *session) issuedSink(k keptIn) (issuedSink, error) {
	if k.to == "" {
		return issuedRows(s.stdout, k.output, k), nil
	}
	form := formOf(k.to)
	if form == "" {
		return issuedSink{}, misused("--to has an ending that says no form", "end the name with .env, .json, .jsonl or .csv")
	}
	file, err := newSecretFile(k.to, k.replace)
	if err != nil {
		return issuedSink{}, err
	}
	sink := issuedRows(file, form, k)
	write := sink.end
	sink.discard = file.discard
	sink.end = func() error {
		if err := write(); err != nil {
			return err
		}
		return file.done()
	}
	return sink, nil
}

func issuedRows(to io.Writer, form string, k keptIn) issuedSink {
	sink := issuedSink{discard: func() {}}
	switch {
	case form == asText || form == asEnv:
		sink.write, sink.end = issuedLines(to, form, k.count)
	case form == asJSON && k.count == 0: // an object, not a list of one
		sink.write = func(r issuedRow) error { return writeJSON(to, r) }
		sink.end = func() error { return nil }
	default:
		rows := newRows(to, form, k.columns)
		sink.write, sink.end = rows.add, rows.end
	}
	return sink
}

// issuedLines writes keys alone, or as variables that are named after their keyspace.
func issuedLines(to io.Writer, form string, count int) (write func(issuedRow) error, end func() error) {
	w := bufio.NewWriter(to)
	n := 0
	return func(r issuedRow) error {
		n++
		name := ""
		switch {
		case r.Key.IsZero():
			return nil
		case form == asEnv && count > 1:
			name = issuedVariable(&r.Record) + "_" + strconv.Itoa(n) + "="
		case form == asEnv:
			name = issuedVariable(&r.Record) + "="
		}
		_, err := fmt.Fprintf(w, "%s%s\n", name, r.Key.Reveal())
		return err
	}, w.Flush
}

// issuedVariable names a key after its keyspace: ACME_API_KEY.
func issuedVariable(r *api.Record) string {
	return envVariable(strings.ReplaceAll(r.Keyspace, "-", "_"))
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// networkList is a flag that takes networks. An address alone is a network of one.
type networkList []netip.Prefix

func (l *networkList) Type() string { return "networks" }

func (l *networkList) String() string {
	var texts []string
	for _, p := range *l {
		texts = append(texts, p.String())
	}
	return strings.Join(texts, ",")
}

func (l *networkList) Set(s string) error {
	for text := range strings.SplitSeq(s, ",") {
		text = strings.TrimSpace(text)
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, addressErr := netip.ParseAddr(text)
			if addressErr != nil {
				return valueError("is not a network such as 10.0.0.0/8 or 2001:db8::/32")
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		*l = append(*l, p)
	}
	return nil
}
