// SPDX-License-Identifier: Apache-2.0

// Package strictjson reads one JSON document into a struct in one way alone, for every door that takes JSON: names that are
// not known, that stand twice or differ in case are refused, and a problem names the field and never repeats what was sent.
package strictjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/keywright/keywright/api"
)

const maxDepth = 64

// Decode reads one JSON object into what v points to. Unlike encoding/json it refuses names that are not known or differ
// in case, names that stand twice, text that is not UTF-8, and anything after the end: two readers must not see two
// different requests. The problem names the field and never repeats what was sent; what is sent it calls the body.
func Decode(b []byte, v any) *api.Problem {
	if !utf8.Valid(b) {
		return invalid("", "the body is not text in UTF-8", "send JSON")
	}
	if first := bytes.TrimLeft(b, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return invalid("", "the body is not a JSON object", "for example {\"name\":\"value\"}")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	t := reflect.TypeOf(v).Elem()
	if p := checkNames(d, t, "", 0); p != nil {
		return p
	}
	if _, err := d.Token(); err != io.EOF {
		return invalid("", "the body goes on after its end", "send one JSON object")
	}
	if json.Unmarshal(b, v) != nil {
		if p := misfit(b, t, ""); p != nil {
			return p
		}
		return ErrSyntax()
	}
	return nil
}

// ErrSyntax is the problem of a body that is not JSON.
func ErrSyntax() *api.Problem {
	return invalid("", "the body is not JSON, or not whole", "send one JSON object")
}

// checkNames reads one value and checks the names in it; t is nil where any are right.
func checkNames(d *json.Decoder, t reflect.Type, path string, depth int) *api.Problem {
	token, err := d.Token()
	if err != nil {
		return ErrSyntax()
	}
	if depth > maxDepth {
		return invalid("", "the body is nested too deeply", "")
	}
	switch token {
	case json.Delim('{'):
		return checkObject(d, fieldsOf(t), path, depth)
	case json.Delim('['):
		var element reflect.Type
		if t = base(t); t != nil && t.Kind() == reflect.Slice {
			element = t.Elem()
		}
		for i := 0; d.More(); i++ {
			if p := checkNames(d, element, fmt.Sprintf("%s[%d]", path, i), depth+1); p != nil {
				return p
			}
		}
		if _, err := d.Token(); err != nil {
			return ErrSyntax()
		}
	}
	return nil
}

func checkObject(d *json.Decoder, fields map[string]reflect.Type, path string, depth int) *api.Problem {
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return ErrSyntax()
		}
		if seen[name] {
			return invalid(path, "holds a name twice", "give each field once")
		}
		seen[name] = true
		at, field := path, fields[name]
		if fields != nil {
			if field == nil {
				return unknownField(path, fields)
			}
			at = join(path, name)
		}
		if p := checkNames(d, field, at, depth+1); p != nil {
			return p
		}
	}
	if _, err := d.Token(); err != nil {
		return ErrSyntax()
	}
	return nil
}

func unknownField(path string, fields map[string]reflect.Type) *api.Problem {
	names := slices.Sorted(maps.Keys(fields))
	p := invalid(path, "holds a field that is not known", "fields are "+strings.Join(names, ", "))
	if path == "" {
		p.Detail = "the body holds a field that is not known"
	}
	return p
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// misfit finds the field that does not fit its type.
func misfit(b []byte, t reflect.Type, path string) *api.Problem {
	if t = base(t); json.Unmarshal(b, reflect.New(t).Interface()) == nil {
		return nil
	}
	fields := fieldsOf(t)
	var object map[string]json.RawMessage
	if fields != nil && json.Unmarshal(b, &object) == nil {
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if fields[name] == nil {
				continue
			}
			if p := misfit(object[name], fields[name], join(path, name)); p != nil {
				return p
			}
		}
	}
	var list []json.RawMessage
	if t.Kind() == reflect.Slice && json.Unmarshal(b, &list) == nil {
		for i, raw := range list {
			if p := misfit(raw, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); p != nil {
				return p
			}
		}
	}
	what, hint := expected(b, t)
	return invalid(path, what, hint)
}

// own is the prefix of our packages, whose parsers never put their input into their errors. Those of the standard library
// do.
const own = "github.com/keywright/keywright"

// expected says what a value of a type should be.
func expected(b []byte, t reflect.Type) (what, hint string) {
	switch t.String() {
	case "time.Time":
		return "is not a time", "use RFC 3339, such as 2030-01-31T12:00:00Z"
	case "netip.Prefix":
		return "is not a network", "use CIDR, such as 10.0.0.0/8"
	case "api.Grace":
		return "is not a grace", `use a duration such as "24h", "0s" for none, or {"idle":"24h","at_most":"720h"}`
	case "netip.Addr":
		return "is not an address", "use an IP address, such as 192.0.2.7"
	}
	var text string
	if u, ok := reflect.New(t).Interface().(encoding.TextUnmarshaler); ok {
		if json.Unmarshal(b, &text) != nil {
			return "is not text", "write it in quotes"
		}
		if err := u.UnmarshalText([]byte(text)); err != nil && strings.HasPrefix(t.PkgPath(), own) {
			return "cannot be read", err.Error()
		}
		return "cannot be read", ""
	}
	switch t.Kind() {
	case reflect.String:
		return "is not text", "write it in quotes"
	case reflect.Bool:
		return "is not true or false", "write it without quotes"
	case reflect.Slice:
		return "is not a list", "write it in brackets"
	case reflect.Struct:
		return "is not an object", "write it in braces"
	}
	return "is not a whole number in range", "write it without quotes"
}

// base is what a pointer points to.
func base(t reflect.Type) reflect.Type {
	if t != nil && t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// fieldsOf returns the JSON fields of a struct by name, or nil for what is written as text or in any other way.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	t = base(t)
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	if _, text := reflect.New(t).Interface().(encoding.TextUnmarshaler); text {
		return nil
	}
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.Anonymous || name != "" {
			fields[name] = f.Type
			continue
		}
		for name, inner := range fieldsOf(f.Type) {
			if fields[name] == nil { // a field of the struct itself stands before it
				fields[name] = inner
			}
		}
	}
	return fields
}

// invalid returns a problem of a field.
func invalid(field, what, hint string) *api.Problem {
	p := api.NewProblem(api.InvalidInput, field, what, hint)
	if field != "" {
		p.Detail = field + " " + what
	}
	return p
}
