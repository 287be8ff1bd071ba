// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/keywright/keywright/api"
)

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS string

var docsTemplate = template.Must(template.New("docs").Parse(docsHTML))

// docsPolicy lets the page have its own style sheet, by its hash, and nothing else.
var docsPolicy = func() string {
	sum := sha256.Sum256([]byte(docsCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

func (s *Server) docsPage(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", docsPolicy)
	_, _ = w.Write(s.docs)
}

// document is the part of an OpenAPI document that the page shows.
type document struct {
	Info struct{ Title, Description string }
	Tags []struct{ Name, Description string }

	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schemaDoc }
}

type operation struct {
	Tags        []string
	OperationID string `json:"operationId"`
	Summary     string
	Description string
	Scopes      []string `json:"x-keywright-scopes"`
	Parameters  []struct {
		Name, In, Description string
		Required              bool
		Schema                schemaDoc
	}
	RequestBody struct {
		Content map[string]contentDoc
	}
	Responses map[string]struct {
		Description string
		Content     map[string]contentDoc
	}

	Method, Path string
}

type contentDoc struct {
	Schema  schemaDoc
	Example json.RawMessage
}

// Shown is the example as people read it: JSON with its lines, else the text.
func (c contentDoc) Shown() string {
	var text string
	if len(c.Example) == 0 || json.Unmarshal(c.Example, &text) == nil {
		return text
	}
	var lines bytes.Buffer
	if json.Indent(&lines, c.Example, "", "  ") != nil {
		return ""
	}
	return lines.String()
}

type schemaDoc struct {
	Ref         string `json:"$ref"`
	Type        any    // a name, or several
	Description string
	Properties  map[string]schemaDoc
	Required    []string
	Items       *schemaDoc
	Enum        []any
	Examples    []any
}

// Name is the name of a schema of its own, or nothing.
func (s schemaDoc) Name() string {
	return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
}

// Kind says in words what a value is.
func (s schemaDoc) Kind() string {
	switch t := s.Type.(type) {
	case string:
		if t == "array" && s.Items != nil {
			if name := s.Items.Name(); name != "" {
				return "list of " + name
			}
			return "list of " + s.Items.Kind()
		}
		return t
	case []any:
		var words []string
		for _, word := range t {
			one := s
			one.Type = word
			words = append(words, one.Kind())
		}
		return strings.Join(words, " or ")
	}
	return "any"
}

// Values lists what a value can be, where that is bounded.
func (s schemaDoc) Values() string {
	if s.Items != nil && len(s.Enum) == 0 {
		return s.Items.Values()
	}
	return join2(s.Enum)
}

// Example is one value, as JSON.
func (s schemaDoc) Example() string {
	if len(s.Examples) == 0 {
		return ""
	}
	b, err := json.Marshal(s.Examples[0])
	if err != nil {
		return ""
	}
	return string(b)
}

// Needs reports whether a property must be there.
func (s schemaDoc) Needs(property string) bool { return slices.Contains(s.Required, property) }

func join2(values []any) string {
	var words []string
	for _, v := range values {
		if s, ok := v.(string); ok {
			words = append(words, s)
		}
	}
	return strings.Join(words, ", ")
}

type docsSection struct {
	Name, Description string
	Operations        []operation
}

type docsCode struct {
	Code   api.Code
	Title  string
	Status int
	Exit   int
}

// renderDocs writes the page: the document as people read it, with no script and nothing from elsewhere.
func renderDocs(openAPI []byte) ([]byte, error) {
	d, err := parseDocument(openAPI)
	if err != nil {
		return nil, err
	}
	var sections []docsSection
	for _, tag := range d.Tags {
		section := docsSection{Name: tag.Name, Description: tag.Description}
		for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
			for _, method := range methods {
				o, ok := d.Paths[path][strings.ToLower(method)]
				if ok && slices.Contains(o.Tags, tag.Name) {
					o.Method, o.Path = method, path
					section.Operations = append(section.Operations, o)
				}
			}
		}
		sections = append(sections, section)
	}
	var codes []docsCode
	for _, c := range api.Codes() {
		codes = append(codes, docsCode{c, c.Title(), c.Status(), c.Exit()})
	}
	var page bytes.Buffer
	err = docsTemplate.Execute(&page, map[string]any{
		"Style": template.CSS(docsCSS), "Info": d.Info, "Sections": sections, "Schemas": d.Components.Schemas, "Codes": codes,
		"OpenAPI": api.PathOpenAPI,
	})
	return page.Bytes(), err
}
