// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

var limitFields = [...]string{"name", "cost", "limit", "window", "burst"}

// limits reads the limits that an ask names. A null among them is an empty one, as encoding/json has it.
func (d *askDecoder) limits() *api.Problem {
	const name = "limits"
	if !d.take('[') {
		return d.misfit(name, "is not a list", "write it in brackets")
	}
	list := d.room[:0]
	if !d.take(']') {
		for more := true; more; more = d.take(',') {
			var l keywright.AskLimit
			if !d.null() {
				if p := d.limit(&l, len(list)); p != nil {
					return p
				}
			}
			list = append(list, l)
		}
		if !d.take(']') {
			return errSyntax()
		}
	}
	d.room, d.Limits = list, list
	return nil
}

func (d *askDecoder) limit(l *keywright.AskLimit, place int) *api.Problem {
	if !d.take('{') {
		return d.misfit(fmt.Sprintf("limits[%d]", place), "is not an object", "write it in braces")
	}
	if d.take('}') {
		return nil
	}
	seen := 0
	for more := true; more; more = d.take(',') {
		name, ok := d.string()
		if !ok || !d.take(':') {
			return errSyntax()
		}
		field := 0
		for field < len(limitFields) && limitFields[field] != name {
			field++
		}
		switch {
		case field == len(limitFields):
			return invalid(fmt.Sprintf("limits[%d]", place), "holds a field that is not known", "fields are "+strings.Join(limitFields[:], ", "))
		case seen&(1<<field) != 0:
			return invalid(fmt.Sprintf("limits[%d]", place), "holds a name twice", "give each field once")
		}
		seen |= 1 << field
		if d.null() {
			continue
		}
		if p := d.limitField(l, name); p != nil {
			return within(p, fmt.Sprintf("limits[%d].", place))
		}
	}
	if !d.take('}') {
		return errSyntax()
	}
	return nil
}

// within puts the way to a field in front of its name.
func within(p *api.Problem, path string) *api.Problem {
	if p.Field != "" {
		p.Field, p.Detail = path+p.Field, path+p.Detail
	}
	return p
}

func (d *askDecoder) limitField(l *keywright.AskLimit, name string) *api.Problem {
	switch name {
	case "cost":
		return d.cost(name, &l.Cost)
	case "limit":
		return d.number(name, &l.Limit)
	case "burst":
		return d.number(name, &l.Burst)
	}
	if d.at == len(d.text) || d.text[d.at] != '"' {
		return d.misfit(name, "is not text", "write it in quotes")
	}
	value, ok := d.string()
	if !ok {
		return errSyntax()
	}
	if name == "name" {
		l.Name = value
		return nil
	}
	window, err := api.ParseDuration(value)
	if err != nil {
		return invalid(name, "cannot be read", err.Error())
	}
	l.Window = window.Duration()
	return nil
}

// cost reads a cost. 0 is refused, since within the program it stands for 1 and a caller could mean nothing.
func (d *askDecoder) cost(name string, to *int64) *api.Problem {
	if p := d.number(name, to); p != nil {
		return p
	}
	if *to == 0 {
		return invalid(name, "is 0", "leave it out for 1, or use dry_run to take nothing")
	}
	return nil
}

// number reads a whole number.
func (d *askDecoder) number(name string, to *int64) *api.Problem {
	end := d.at
	for end < len(d.text) && strings.IndexByte("+-.0123456789Ee", d.text[end]) >= 0 {
		end++
	}
	digits := d.text[d.at:end]
	if digits == "" || digits[0] == '+' {
		return d.misfit(name, "is not a whole number in range", "write it without quotes")
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return invalid(name, "is not a whole number in range", "write it without quotes, fraction or exponent")
	}
	if first := strings.TrimPrefix(digits, "-"); len(first) > 1 && first[0] == '0' {
		return errSyntax()
	}
	*to, d.at = n, end
	return nil
}
