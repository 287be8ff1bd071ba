// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright/api"
)

// A schema is what the protocol needs of JSON Schema. Each one has a type: where a schema is true, which stands for
// anything, the vendor's TypeScript client rejects the tool and every other with it.
type schema struct {
	Type                 string             `json:"type"`
	Description          string             `json:"description,omitempty"`
	Format               string             `json:"format,omitempty"`
	Enum                 []string           `json:"enum,omitempty"`
	Minimum              json.Number        `json:"minimum,omitempty"`
	Maximum              json.Number        `json:"maximum,omitempty"`
	Items                *schema            `json:"items,omitempty"`
	Properties           map[string]*schema `json:"properties,omitempty"`
	Required             []string           `json:"required,omitempty"`
	AdditionalProperties any                `json:"additionalProperties,omitempty"` // false, or a *schema
}

var (
	marshalsText = reflect.TypeFor[encoding.TextMarshaler]()
	grace        = reflect.TypeFor[api.Grace]()
	rawObject    = reflect.TypeFor[json.RawMessage]() // the only raw JSON of package api is an object
	moment       = reflect.TypeFor[time.Time]()
)

// schemaOf returns the schema of a type, from the same tags as the OpenAPI document. It panics where a type has none: that
// is a mistake of this package, which every test meets.
func schemaOf(t reflect.Type) *schema {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == moment:
		return &schema{Type: "string", Format: "date-time"}
	case t == rawObject:
		return &schema{Type: "object"}
	case t == grace || t.Implements(marshalsText) || reflect.PointerTo(t).Implements(marshalsText):
		return &schema{Type: "string"}
	}
	switch t.Kind() {
	case reflect.String:
		return &schema{Type: "string"}
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Uint16:
		return &schema{Type: "integer"}
	case reflect.Float64:
		return &schema{Type: "number"}
	case reflect.Slice:
		return &schema{Type: "array", Items: schemaOf(t.Elem())}
	case reflect.Map:
		return &schema{Type: "object", AdditionalProperties: schemaOf(t.Elem())}
	case reflect.Struct:
		s := &schema{Type: "object", Properties: map[string]*schema{}}
		s.addFields(t, false)
		return s
	}
	panic("mcp: " + t.String() + " has no schema")
}

// addFields adds the fields of a struct. Those of an embedded one stand behind those of the struct itself; of an embedded
// pointer none is required.
func (s *schema) addFields(t reflect.Type, optional bool) {
	var embedded []reflect.StructField
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			embedded = append(embedded, f)
			continue
		case name == "-" || s.Properties[name] != nil:
			continue
		}
		p := schemaOf(f.Type)
		p.describe(f.Tag)
		s.Properties[name] = p
		if !optional && !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero") {
			s.Required = append(s.Required, name)
		}
	}
	for _, f := range embedded {
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		s.addFields(inner, optional || f.Type.Kind() == reflect.Pointer)
	}
	slices.Sort(s.Required)
}

func (s *schema) describe(tag reflect.StructTag) {
	s.Description = tag.Get("doc")
	if example := tag.Get("example"); example != "" && s.Type != "object" {
		s.Description = strings.TrimSpace(s.Description + " Example: " + example)
	}
	s.Minimum, s.Maximum = json.Number(tag.Get("minimum")), json.Number(tag.Get("maximum"))
	if values := tag.Get("enum"); values != "" {
		of := s
		if s.Items != nil {
			of = s.Items
		}
		of.Enum = strings.Split(values, ",")
	}
}
