// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/csv"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// exportKeys serves GET /v1/keys/export. Once it has begun, an error can only be told by ending the connection.
func (s *Server) exportKeys(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	q, p := exportQuery(r.URL.Query())
	if p != nil {
		p.RequestID = c.id
		writeProblem(w, p)
		return
	}
	e := &exporting{server: s, response: w, query: q}
	err := s.authority.Export(r.Context(), c.caller, q.filter, q.hashes, e.visit)
	switch {
	case err == nil:
		e.begin()
		_ = e.flush()
	case e.out == nil:
		writeProblem(w, s.problemOf(c, err))
	default:
		s.log.Error("an export ended early; what was sent is not whole", "error", err, "request_id", c.id)
		panic(http.ErrAbortHandler)
	}
}

// exportRequest is what is asked for.
type exportRequest struct {
	filter      authority.Filter
	hashes, csv bool
}

func exportQuery(query url.Values) (q exportRequest, p *api.Problem) {
	f := &q.filter
	for name := range query {
		value := query.Get(name)
		switch name {
		case "keyspace":
			f.Keyspace = value
		case "owner":
			f.Owner = value
		case "scope":
			f.Scope = value
		case "state":
			f.State = authority.State(value)
		case "q":
			f.Text = value
		case "hashes":
			q.hashes, p = flagOf(name, value, p)
		case "format":
			if q.csv = value == "csv"; value != "csv" && value != "ndjson" && p == nil {
				p = invalid("format", "is not known", "use ndjson or csv")
			}
		default:
			return q, invalid("", "the query holds a parameter that is not known", "use keyspace, owner, scope, state, q, hashes and format")
		}
	}
	switch f.State {
	case "", authority.StateActive, authority.StatePending, authority.StateExpired, authority.StateDisabled, authority.StateRevoked:
	default:
		p = invalid("state", "is not known", "use active, pending, expired, disabled or revoked")
	}
	f.All = true // an export without a filter is the usual one
	return q, p
}

// exporting is an export on its way.
type exporting struct {
	server   *Server
	response http.ResponseWriter
	query    exportRequest
	out      *lineWriter // nil: nothing was written yet
	table    *csv.Writer
}

func (e *exporting) begin() {
	if e.out != nil {
		return
	}
	e.out = e.server.newLineWriter(e.response)
	name := "keys.ndjson"
	if e.query.csv {
		name = "keys.csv"
		e.response.Header().Set("Content-Type", api.MediaCSV)
		e.table = csv.NewWriter(e.out)
		_ = e.table.Write(api.ImportFields()) // keeps the first error
	}
	e.response.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

func (e *exporting) visit(x *authority.Exported) error {
	e.begin()
	l := importLine(x, e.query.hashes)
	if e.table != nil {
		return e.table.Write(l.Cells())
	}
	return e.out.write(l)
}

func (e *exporting) flush() error {
	if e.table != nil {
		e.table.Flush()
	}
	return e.out.flush()
}

func (d documenter) exports() {
	out := content(api.MediaLines, schema[api.ImportLine](d))
	out[api.MediaCSV] = &huma.MediaType{Schema: &huma.Schema{
		Type: huma.TypeString, Description: "A table of the same fields. A cell that a spreadsheet would take for a formula has an apostrophe in front, which an import takes away.",
	}}
	o := d.add(huma.Operation{
		OperationID: "export-keys", Method: http.MethodGet, Path: api.PathExport, Tags: []string{keysTag}, Summary: "Export records, as an import takes them",
		Description: "Parents come before their children. hashes=true also needs the scope " + authority.ScopeExportHashes + ". An answer that ends early is not whole: its connection is broken off.",
	}, http.StatusOK, nil, out)
	o.Parameters = []*huma.Param{
		queryParam("keyspace", "default, where it is left out.", huma.TypeString),
		queryParam("format", "ndjson, where it is left out, or csv.", huma.TypeString),
		queryParam("hashes", "With the hashes of the secrets.", huma.TypeBoolean),
		queryParam("owner", "Of this owner.", huma.TypeString),
		queryParam("scope", "That grant this scope.", huma.TypeString),
		queryParam("state", "active, pending, expired, disabled or revoked.", huma.TypeString),
		queryParam("q", "In name or owner.", huma.TypeString),
	}
}
