// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
)

// A keySink is a place where keys, or something of them, are written.
type keySink struct {
	write   func(keywright.Key) error
	end     func() error
	discard func()
}

// keySinks opens every place where the keys of a run go.
func (s *session) keySinks(f *generateFlags) ([]keySink, error) {
	var sinks []keySink
	var err error
	main := keySink{discard: func() {}}
	switch {
	case f.to != "":
		main, err = newKeyFile(f.to, f.force, f.count)
	case f.table:
		main.write, main.end = s.ledger()
	case f.output == asText:
		main.write, main.end = plainKeys(s.stdout)
	default:
		main.write, main.end = ledgerRows(s.stdout, f.output)
	}
	if err != nil {
		return nil, err
	}
	sinks = append(sinks, main)
	if f.hashesTo != "" {
		sink, err := newHashFile(f.hashesTo, f.force)
		if err != nil {
			main.discard()
			return nil, err
		}
		sinks = append(sinks, sink)
	}
	return sinks, nil
}

func plainKeys(to io.Writer) (func(keywright.Key) error, func() error) {
	w := bufio.NewWriterSize(to, 64<<10)
	return func(k keywright.Key) error {
		_, _ = w.WriteString(k.Reveal())
		return w.WriteByte('\n')
	}, w.Flush
}

func ledgerRows(to io.Writer, form string) (func(keywright.Key) error, func() error) {
	r := newRows(to, form, ledgerColumns)
	return func(k keywright.Key) error { return r.add(newLedgerRow(k)) }, r.end
}

// newKeyFile writes keys to a file whose ending says how.
func newKeyFile(path string, force bool, count int) (keySink, error) {
	form := formOf(path)
	if form == "" {
		return keySink{}, misused("--to has an ending that says no form", "end the name with .env, .json, .jsonl or .csv")
	}
	file, err := newSecretFile(path, force)
	if err != nil {
		return keySink{}, err
	}
	sink := keySink{discard: file.discard}
	if form == asEnv {
		sink.write, sink.end = envLines(file, count)
	} else {
		sink.write, sink.end = ledgerRows(file, form)
	}
	return sink.finishing(file), nil
}

func newHashFile(path string, force bool) (keySink, error) {
	form := formOf(path)
	if form == "" || form == asEnv {
		return keySink{}, misused("--hashes-to has an ending that says no form", "end the name with .json, .jsonl or .csv")
	}
	file, err := newSecretFile(path, force)
	if err != nil {
		return keySink{}, err
	}
	r := newRows(file, form, hashColumns)
	sink := keySink{discard: file.discard, end: r.end, write: func(k keywright.Key) error {
		return r.add(hashRow{k.Hash().String(), k.PublicID(), k.Prefix(), k.Environment()})
	}}
	return sink.finishing(file), nil
}

// finishing gives the file its name once all is written.
func (k keySink) finishing(f *secretFile) keySink {
	write := k.end
	k.end = func() error {
		if err := write(); err != nil {
			return err
		}
		return f.done()
	}
	return k
}

const asEnv = "env"

// formOf tells by its ending how a file is written; .env may be the whole name.
func formOf(path string) string {
	switch form := strings.TrimPrefix(filepath.Ext(path), "."); form {
	case asEnv, asJSON, asJSONL, asCSV:
		return form
	}
	return ""
}

// envLines writes ACME_API_KEY=…, with numbers where there are several.
func envLines(to io.Writer, count int) (func(keywright.Key) error, func() error) {
	w := bufio.NewWriterSize(to, 64<<10)
	n := 0
	return func(k keywright.Key) error {
		n++
		name := envVariable(k.Prefix())
		if count > 1 {
			name += "_" + strconv.Itoa(n)
		}
		_, err := fmt.Fprintf(w, "%s=%s\n", name, k.Reveal())
		return err
	}, w.Flush
}

func envVariable(prefix string) string {
	name := "API_KEY"
	if prefix != "" && (prefix[0] < '0' || prefix[0] > '9') {
		name = strings.ToUpper(prefix) + "_" + name
	}
	return name
}
