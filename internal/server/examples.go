// SPDX-License-Identifier: Apache-2.0

package server

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// examplesJSON has for each operation of the document the requests that show it, and what they were answered. A test sends
// each of them to a server, and compares the answers with the schemas.
//
//go:embed examples.json
var examplesJSON []byte

// An example is one request of an operation and its answer. Of a stream it is one line; what is not JSON is a string.
// Parameters of the path have the values that the document gives as their examples.
type example struct {
	Before   []exampleStep     `json:"before,omitempty"` // what must have happened, for the test
	Query    string            `json:"query,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
	Session  bool              `json:"session,omitempty"` // it comes with the cookie of a session, and not with a service key
	Media    string            `json:"media,omitempty"`   // of the request; empty: it has no body
	Request  json.RawMessage   `json:"request,omitempty"`
	Status   int               `json:"status"`
	Answers  string            `json:"answers"` // the media type of the answer
	Response json.RawMessage   `json:"response,omitempty"`
}

// An exampleStep is a request that is sent before.
type exampleStep struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body,omitempty"`
}

func readExamples(text []byte) (map[string][]example, error) {
	var all map[string][]example
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("examples.json: %w", err)
	}
	return all, nil
}

// examples adds to each operation the first example of every kind of body.
func (d documenter) examples() error {
	all, err := readExamples(examplesJSON)
	if err != nil {
		return err
	}
	for _, path := range d.doc.Paths {
		for _, o := range operationsOf(path) {
			for _, e := range all[o.OperationID] {
				if o.RequestBody != nil {
					show(o.RequestBody.Content[e.Media], e.Request)
				}
				if r := o.Responses[strconv.Itoa(e.Status)]; r != nil {
					show(r.Content[e.Answers], e.Response)
				}
			}
		}
	}
	return nil
}

func show(m *huma.MediaType, value json.RawMessage) {
	if m != nil && m.Example == nil && value != nil {
		m.Example = value
	}
}

func operationsOf(path *huma.PathItem) (all []*huma.Operation) {
	for _, o := range []*huma.Operation{path.Get, path.Post, path.Put, path.Patch, path.Delete} {
		if o != nil {
			all = append(all, o)
		}
	}
	return all
}
