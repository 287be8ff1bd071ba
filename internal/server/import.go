// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"iter"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// importKeys serves POST /v1/keys/import: records from elsewhere, a line each, answered while they arrive.
func (s *Server) importKeys(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	i := &importing{server: s, call: c, request: r, response: w, csv: mediaType(r) == api.MediaCSV}
	o, p := i.options(r.URL.Query())
	if p != nil {
		p.RequestID = c.id
		writeProblem(w, p)
		return
	}
	i.in = s.newLineReader(w, r)
	totals, err := s.authority.ImportMany(r.Context(), c.caller, o, i.lines(), i.answer)
	if err == nil && i.in.err != nil {
		err = i.in.err
	}
	i.finish(totals, o.DryRun, err)
}

// importing is an import on its way.
type importing struct {
	server   *Server
	call     *call
	request  *http.Request
	response http.ResponseWriter
	csv      bool
	all      bool // outcomes of all lines are told, not only of those that were refused
	in       *lineReader
	table    *api.ImportTable // of CSV, once its header was read
	row      []byte           // a row of several lines
	out      *lineWriter      // nil: nothing was written yet
	totals   api.ImportTotals
}

// options reads the query, which knows no other parameters.
func (i *importing) options(query url.Values) (o authority.ImportOptions, p *api.Problem) {
	for name := range query {
		value := query.Get(name)
		switch name {
		case "keyspace":
			o.Keyspace = value
		case "dry_run":
			o.DryRun, p = flagOf(name, value, p)
		case "all":
			i.all, p = flagOf(name, value, p)
		default:
			return o, invalid("", "the query holds a parameter that is not known", "use keyspace, dry_run and all")
		}
	}
	return o, p
}

// flagOf reads true or false, and keeps an earlier problem.
func flagOf(name, value string, before *api.Problem) (bool, *api.Problem) {
	if value != "true" && value != "false" && before == nil {
		before = invalid(name, "is neither true nor false", "leave it out for false")
	}
	return value == "true", before
}

// lines reads the body. A line that cannot be read comes with its problem, and those behind it are read all the same.
func (i *importing) lines() iter.Seq2[authority.ImportRequest, error] {
	return func(yield func(authority.ImportRequest, error) bool) {
		for {
			line, ok := i.in.next()
			if !ok {
				if i.row != nil {
					yield(authority.ImportRequest{Line: line.number}, errOpenRow)
				}
				return
			}
			q, done, err := i.read(&line)
			q.Line = line.number
			if done && !yield(q, err) {
				return
			}
		}
	}
}

var errOpenRow error = invalid("", "a row of the table is not closed: a quote is open", "close it, or double quotes within cells")

// read reads a line; done is false where it is the header of a table, or a part of a row.
func (i *importing) read(line *line) (q authority.ImportRequest, done bool, err error) {
	var l api.ImportLine
	switch {
	case line.problem != nil:
		i.row = nil
		return q, true, line.problem
	case i.csv:
		if l, done, err = i.readRow(line.text); err != nil || !done {
			return q, done, err
		}
	default:
		if p := decode(line.text, &l); p != nil {
			return q, true, p
		}
	}
	q, err = importRequest(&l)
	return q, true, err
}

// readRow reads a row of CSV, which may go over several lines.
func (i *importing) readRow(text []byte) (l api.ImportLine, done bool, err error) {
	if i.row != nil {
		text = append(append(i.row, '\n'), text...)
		i.row = nil
	}
	if len(text) > maxLine {
		return l, true, errOpenRow
	}
	if api.OpenQuote(string(text)) {
		i.row = bytes.Clone(text)
		return l, false, nil
	}
	if i.table == nil {
		i.table, err = api.NewImportTable(string(text), ',', nil)
		if err != nil {
			i.in.err = err // without a header no row can be read
		}
		return l, err != nil, err
	}
	l, err = i.table.Row(string(text))
	return l, true, err
}

// answer writes what became of the lines of one transaction.
func (i *importing) answer(results []authority.ImportResult) error {
	i.begin()
	for n := range results {
		r := &results[n]
		i.count(r)
		if r.Outcome != authority.Refused && !i.all {
			continue
		}
		out := api.ImportOutcome{Line: r.Line, Outcome: string(r.Outcome), ID: r.ID, Changed: r.Changed}
		if r.Err != nil {
			out.Problem = i.server.problemOf(i.call, r.Err)
		}
		if err := i.out.write(api.ImportAnswer{ImportOutcome: &out}); err != nil {
			return err
		}
	}
	if err := i.out.write(api.ImportAnswer{Progress: &i.totals}); err != nil {
		return err
	}
	if err := i.out.flush(); err != nil {
		return err
	}
	return i.server.again(i.request, i.call) // the service key may have ended meanwhile
}

func (i *importing) count(r *authority.ImportResult) {
	i.totals.Lines++
	switch r.Outcome {
	case authority.Accepted:
		i.totals.Accepted++
	case authority.Skipped:
		i.totals.Skipped++
	default:
		i.totals.Refused++
	}
}

func (i *importing) begin() {
	if i.out == nil {
		i.out = i.server.newLineWriter(i.response)
	}
}

// finish writes the last line. Where nothing was written yet, a refusal is the whole answer.
func (i *importing) finish(totals authority.ImportTotals, dryRun bool, err error) {
	end := api.ImportEnd{ImportTotals: api.ImportTotals(totals), DryRun: dryRun}
	if err != nil {
		end.Problem = i.server.problemOf(i.call, err)
		if i.out == nil {
			writeProblem(i.response, end.Problem)
			return
		}
	}
	i.begin()
	_ = i.out.write(api.ImportAnswer{End: &end})
	_ = i.out.flush() // a client that went away is no fault
}

func (d documenter) imports() {
	in := content(api.MediaLines, schema[api.ImportLine](d))
	in[api.MediaCSV] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: "A table whose first row names fields of ImportLine. Lists are words; what has parts of its own is JSON."}}
	o := d.add(huma.Operation{
		OperationID: "import-keys", Method: http.MethodPost, Path: api.PathImport, Tags: []string{keysTag}, Summary: "Import keys from elsewhere, by their hashes",
		Description: "One record a line. A line that cannot be done is refused with its problem and leaves nothing; the stream goes on. What is there already is skipped, so an import that broke off is sent again. " +
			"The answer has a line for each that was refused, one after each transaction, and the end; an answer without the end was cut off.",
	}, http.StatusOK, in, content(api.MediaLines, schema[api.ImportAnswer](d)))
	o.Parameters = []*huma.Param{
		queryParam("keyspace", "default, where it is left out.", huma.TypeString),
		queryParam("dry_run", "Only tell what would become of each line.", huma.TypeBoolean),
		queryParam("all", "Tell the outcome of every line, not only of those that were refused.", huma.TypeBoolean),
	}
}

func queryParam(name, doc, kind string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: kind}}
}
