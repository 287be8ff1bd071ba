// SPDX-License-Identifier: Apache-2.0

package column

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/keywright/keywright/authority"
)

var errText = errors.New("is not UTF-8, or holds a NUL")

// CheckText refuses what would not be read back as it was written: JSON replaces what is not UTF-8, and an event
// would then no longer have its hash.
func CheckText(field, s string) error {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return fmt.Errorf("%s %w", field, errText)
	}
	return nil
}

// CheckTexts takes names of fields and their values in turn.
func CheckTexts(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := CheckText(pairs[i], pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// List writes an empty list as nothing.
func List(field string, list []string) (string, error) {
	for _, s := range list {
		if err := CheckText(field, s); err != nil {
			return "", err
		}
	}
	if len(list) == 0 {
		return "", nil
	}
	return JSON(list)
}

// Rules writes rules that narrow nothing as nothing.
func Rules(r authority.Rules) (string, error) {
	if r.IsZero() {
		return "", nil
	}
	for _, s := range slices.Concat(r.Origins, r.Methods, r.Paths, r.Keyspaces, []string{r.Owner}) {
		if err := CheckText("rules", s); err != nil {
			return "", err
		}
	}
	return JSON(r)
}

// terms are what a key gets besides its scopes, as they are kept in one column.
type terms struct {
	Roles   []string           `json:"roles,omitempty"`
	Limits  []authority.Limit  `json:"limits,omitempty"`
	Credits *authority.Credits `json:"credits,omitempty"`
}

// Terms writes no terms as nothing.
func Terms(r *authority.Record) (string, error) {
	if len(r.Roles)+len(r.Limits) == 0 && r.Credits == nil {
		return "", nil
	}
	for _, s := range r.Roles {
		if err := CheckText("roles", s); err != nil {
			return "", err
		}
	}
	if err := checkLimits(r.Limits); err != nil {
		return "", err
	}
	return JSON(terms{r.Roles, r.Limits, r.Credits})
}

// Limits writes an empty list as nothing.
func Limits(limits []authority.Limit) (string, error) {
	if len(limits) == 0 {
		return "", nil
	}
	if err := checkLimits(limits); err != nil {
		return "", err
	}
	return JSON(limits)
}

func checkLimits(limits []authority.Limit) error {
	for _, l := range limits {
		if err := CheckText("limits", l.Name); err != nil {
			return err
		}
	}
	return nil
}

// Personal writes an empty list as nothing.
func Personal(fields []authority.Personal) (string, error) {
	if len(fields) == 0 {
		return "", nil
	}
	for _, p := range fields {
		if err := CheckTexts("personal", p.Name, "personal", p.Value); err != nil {
			return "", err
		}
	}
	return JSON(fields)
}

// Erase empties the fields of these names in what Personal wrote. Their names stay.
func Erase(text string, names []string) (string, error) {
	var fields []authority.Personal
	if err := Decode(text, &fields); err != nil {
		return "", err
	}
	for i := range fields {
		if slices.Contains(names, fields[i].Name) {
			fields[i].Value, fields[i].Salt = "", nil
		}
	}
	return Personal(fields)
}

// JSON writes a value as JSON.
func JSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

// Decode reads what JSON wrote, or nothing.
func Decode(text string, v any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), v)
}
