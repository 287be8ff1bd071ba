// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// askDecoder reads the one object that verifications are asked with, as decode reads an api.VerifyRequest: the same
// requests are taken and the same refused, at a tenth of the cost.
type askDecoder struct {
	keywright.Ask
	text  string // the body; every string of the ask is a part of it
	at    int
	seen  uint16      // the fields, by their place in askFields
	keyed bool        // there is a key, be it empty
	lists [3][]string // room of scopes, include and tags
	room  []keywright.AskLimit
}

// reset forgets an ask and keeps its room.
func (d *askDecoder) reset() {
	for i := range d.lists {
		clear(d.lists[i][:cap(d.lists[i])])
		d.lists[i] = d.lists[i][:0]
	}
	clear(d.room[:cap(d.room)])
	d.room = d.room[:0]
	d.Ask, d.text, d.at, d.seen, d.keyed = keywright.Ask{}, "", 0, 0, false
}

var askFields = [...]string{
	"key", "keyspace", "environment", "scopes", "scope_expr", "client_ip", "method", "path", "origin", "include",
	"explain", "dry_run", "cost", "limits", "tags",
}

// decode reads b, after a reset. The ask does not refer to b afterwards.
func (d *askDecoder) decode(b []byte) *api.Problem {
	if !utf8.Valid(b) {
		return invalid("", "the body is not text in UTF-8", "send JSON")
	}
	d.text = string(b)
	if !d.take('{') {
		return invalid("", "the body is not a JSON object", "for example {\"key\":\"…\",\"keyspace\":\"default\"}")
	}
	if !d.take('}') {
		for more := true; more; more = d.take(',') {
			if p := d.member(); p != nil {
				return p
			}
		}
		if !d.take('}') {
			return errSyntax()
		}
	}
	if d.space(); d.at != len(d.text) {
		return errSyntax()
	}
	if !d.keyed {
		return invalid("key", "is missing", "give the key that was presented")
	}
	return nil
}

// member reads a name and its value.
func (d *askDecoder) member() *api.Problem {
	name, ok := d.string()
	if !ok || !d.take(':') {
		return errSyntax()
	}
	field := 0
	for field < len(askFields) && askFields[field] != name {
		field++
	}
	if field == len(askFields) {
		return unknownAskField()
	}
	if d.seen&(1<<field) != 0 {
		return invalid("", "the body holds a name twice", "give each field once")
	}
	d.seen |= 1 << field
	if d.null() {
		return nil
	}
	switch name {
	case "scopes":
		return d.list(name, &d.Scopes, 0)
	case "include":
		return d.list(name, &d.Include, 1)
	case "tags":
		return d.list(name, &d.Tags, 2)
	case "explain":
		return d.bool(name, &d.Explain)
	case "dry_run":
		return d.bool(name, &d.DryRun)
	case "cost":
		return d.cost(name, &d.Cost)
	case "limits":
		return d.limits()
	}
	if d.at == len(d.text) || d.text[d.at] != '"' {
		return d.misfit(name, "is not text", "write it in quotes")
	}
	value, ok := d.string()
	if !ok {
		return errSyntax()
	}
	return d.set(name, value)
}

func (d *askDecoder) set(name, value string) *api.Problem {
	switch name {
	case "key":
		d.Key, d.keyed = keywright.NewSecret(value), true
	case "keyspace":
		d.Keyspace = value
	case "environment":
		d.Environment = value
	case "scope_expr":
		d.ScopeExpr = value
	case "method":
		d.Method = value
	case "path":
		d.Path = value
	case "origin":
		d.Origin = value
	case "client_ip":
		if value == "" {
			return nil
		}
		var err error
		if d.ClientIP, err = netip.ParseAddr(value); err != nil {
			return invalid(name, "is not an address", "use an IP address, such as 192.0.2.7")
		}
	}
	return nil
}

func unknownAskField() *api.Problem {
	p := invalid("", "holds a field that is not known", "fields are "+strings.Join(askFields[:], ", "))
	p.Detail = "the body holds a field that is not known"
	return p
}

// misfit tells a value of another type from text that is no JSON.
func (d *askDecoder) misfit(name, what, hint string) *api.Problem {
	if d.at == len(d.text) || strings.IndexByte("\"{[-0123456789tfn", d.text[d.at]) < 0 {
		return errSyntax()
	}
	return invalid(name, what, hint)
}

func (d *askDecoder) bool(name string, to *bool) *api.Problem {
	switch rest := d.text[d.at:]; {
	case strings.HasPrefix(rest, "true"):
		*to, d.at = true, d.at+len("true")
	case strings.HasPrefix(rest, "false"):
		*to, d.at = false, d.at+len("false")
	default:
		return d.misfit(name, "is not true or false", "write it without quotes")
	}
	return nil
}

// list reads a list of strings. A null in it is an empty string, as encoding/json has it.
func (d *askDecoder) list(name string, to *[]string, room int) *api.Problem {
	if !d.take('[') {
		return d.misfit(name, "is not a list", "write it in brackets")
	}
	list := d.lists[room][:0]
	if !d.take(']') {
		for more := true; more; more = d.take(',') {
			if d.null() {
				list = append(list, "")
				continue
			}
			if d.at == len(d.text) || d.text[d.at] != '"' {
				return d.misfit(name, "holds something else than text", "write each entry in quotes")
			}
			value, ok := d.string()
			if !ok {
				return errSyntax()
			}
			list = append(list, value)
		}
		if !d.take(']') {
			return errSyntax()
		}
	}
	d.lists[room], *to = list, list
	return nil
}

// string reads a string. What is escaped is left to encoding/json.
func (d *askDecoder) string() (string, bool) {
	if !d.take('"') {
		return "", false
	}
	if end := strings.IndexByte(d.text[d.at:], '"'); end >= 0 && plain(d.text[d.at:d.at+end]) {
		from := d.at
		d.at += end + 1
		return d.text[from : from+end], true
	}
	escaped := false
	for i := d.at; i < len(d.text); i++ {
		switch c := d.text[i]; {
		case c == '"':
			from := d.at
			d.at = i + 1
			if !escaped {
				return d.text[from:i], true
			}
			var s string
			err := json.Unmarshal([]byte(d.text[from-1:i+1]), &s)
			return s, err == nil
		case c == '\\':
			escaped = true
			i++
		case c < 0x20:
			return "", false
		}
	}
	return "", false
}

// null skips white space, and null where it stands there: it is as absent.
func (d *askDecoder) null() bool {
	d.space()
	if !strings.HasPrefix(d.text[d.at:], "null") {
		return false
	}
	d.at += len("null")
	return true
}

// take skips white space, and c where it stands there.
func (d *askDecoder) take(c byte) bool {
	d.space()
	if d.at < len(d.text) && d.text[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *askDecoder) space() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\t', '\r', '\n':
			d.at++
		default:
			return
		}
	}
}
