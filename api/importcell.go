// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding"
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"time"
)

func wordColumn(name string, at func(*ImportLine) *string) importColumn {
	return importColumn{
		name,
		func(l *ImportLine, s string) error { *at(l) = s; return nil },
		func(l *ImportLine) string { return *at(l) },
	}
}

var errKeyID = errors.New("is not a key id")

// textColumn is a value that is written as text by itself.
func textColumn[T any, P interface {
	*T
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}](name string, at func(*ImportLine) *T,
) importColumn {
	return importColumn{
		name,
		func(l *ImportLine, s string) error {
			if P(at(l)).UnmarshalText([]byte(s)) != nil {
				return errKeyID
			}
			return nil
		},
		func(l *ImportLine) string {
			text, _ := P(at(l)).MarshalText() // of a key id: never fails
			return string(text)
		},
	}
}

func listColumn(name string, at func(*ImportLine) *[]string) importColumn {
	return importColumn{
		name,
		func(l *ImportLine, s string) error { *at(l) = words(s); return nil },
		func(l *ImportLine) string { return strings.Join(*at(l), " ") },
	}
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '|' })
}

func networkColumn(name string, at func(*ImportLine) *[]netip.Prefix) importColumn {
	return importColumn{
		name,
		func(l *ImportLine, s string) error {
			*at(l) = nil
			for _, word := range words(s) {
				p, err := netip.ParsePrefix(word)
				if err != nil {
					return errors.New("is no list of networks: use CIDR, such as 10.0.0.0/8")
				}
				*at(l) = append(*at(l), p)
			}
			return nil
		},
		func(l *ImportLine) string {
			var list []string
			for _, p := range *at(l) {
				list = append(list, p.String())
			}
			return strings.Join(list, " ")
		},
	}
}

// jsonColumn writes nothing for a value that is not there; an empty list is there.
func jsonColumn[T any](name string, at func(*ImportLine) *T) importColumn {
	return importColumn{
		name,
		func(l *ImportLine, s string) error {
			d := json.NewDecoder(strings.NewReader(s))
			d.DisallowUnknownFields()
			if d.Decode(at(l)) != nil || d.More() {
				return errors.New("is not JSON of the right form")
			}
			return nil
		},
		func(l *ImportLine) string {
			if v := reflect.ValueOf(at(l)).Elem(); v.IsNil() {
				return ""
			}
			text, err := json.Marshal(at(l))
			if err != nil {
				return ""
			}
			return string(text)
		},
	}
}

// cellTimes are the forms in which databases write times. One without a zone is taken as UTC.
var cellTimes = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly}

func timeColumn(name string, at func(*ImportLine) *time.Time) importColumn {
	return importColumn{
		name,
		func(l *ImportLine, s string) error {
			for _, form := range cellTimes {
				if t, err := time.Parse(form, s); err == nil {
					*at(l) = t
					return nil
				}
			}
			return errors.New("is not a time: use RFC 3339, such as 2030-01-31T12:00:00Z")
		},
		func(l *ImportLine) string {
			if at(l).IsZero() {
				return ""
			}
			return at(l).UTC().Format(time.RFC3339Nano)
		},
	}
}

func boolColumn(name string, at func(*ImportLine) *bool) importColumn {
	return importColumn{
		name,
		func(l *ImportLine, s string) error {
			switch strings.ToLower(s) {
			case "true", "t", "1", "yes":
				*at(l) = true
			case "false", "f", "0", "no":
				*at(l) = false
			default:
				return errors.New("is neither true nor false")
			}
			return nil
		},
		func(l *ImportLine) string {
			if *at(l) {
				return "true"
			}
			return ""
		},
	}
}
