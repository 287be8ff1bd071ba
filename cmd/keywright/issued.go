// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright/api"
)

// An issuedRow is a new key and its record, as programs see them: the one place where a key leaves this program in
// JSON or CSV.
type issuedRow struct {
	Key      api.Key    `json:"key,omitzero"`
	Record   api.Record `json:"record"`
	Repeated bool       `json:"repeated,omitempty"`
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

// An issuedSink is where issued keys are written.
type issuedSink struct {
	write   func(api.IssueResponse) error
	end     func() error
	discard func()
}

// issuedSink opens the place before a key is made: a key that cannot be kept must not be issued.
func (s *session) issuedSink(f *issueFlags) (issuedSink, error) {
	if f.to == "" {
		sink := issuedRows(s.stdout, f.output, f.count)
		return sink, nil
	}
	form := formOf(f.to)
	if form == "" {
		return issuedSink{}, misused("--to has an ending that says no form", "end the name with .env, .json, .jsonl or .csv")
	}
	file, err := newSecretFile(f.to, f.force)
	if err != nil {
		return issuedSink{}, err
	}
	sink := issuedRows(file, form, f.count)
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

func issuedRows(to io.Writer, form string, count int) issuedSink {
	sink := issuedSink{discard: func() {}}
	switch form {
	case asText, asEnv:
		w := bufio.NewWriter(to)
		n := 0
		sink.end = w.Flush
		sink.write = func(r api.IssueResponse) error {
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
		}
	case asJSON:
		if count == 0 {
			return oneIssued(to)
		}
		fallthrough
	default:
		rows := newRows(to, form, issuedColumns)
		sink.end = rows.end
		sink.write = func(r api.IssueResponse) error { return rows.add(issuedRow{r.Key, r.Record, r.Repeated}) }
	}
	return sink
}

// oneIssued writes the one key that was asked for as an object, not as a list of one.
func oneIssued(to io.Writer) issuedSink {
	return issuedSink{
		end:     func() error { return nil },
		discard: func() {},
		write:   func(r api.IssueResponse) error { return writeJSON(to, issuedRow{r.Key, r.Record, r.Repeated}) },
	}
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
