// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright/authority"
)

var errText = errors.New("is not UTF-8, or holds a NUL")

// millis writes a time; 0 is none. The first millisecond of 1970 becomes the second, so that what ended then does not
// become what never ends.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if ms := t.UnixMilli(); ms != 0 {
		return ms
	}
	return 1
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// checkText refuses what would not be read back as it was written: JSON replaces what is not UTF-8, and an event
// would then no longer have its hash.
func checkText(field, s string) error {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return fmt.Errorf("%s %w", field, errText)
	}
	return nil
}

// checkTexts takes names of fields and their values in turn.
func checkTexts(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := checkText(pairs[i], pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// encodeList writes an empty list as nothing.
func encodeList(field string, list []string) (string, error) {
	for _, s := range list {
		if err := checkText(field, s); err != nil {
			return "", err
		}
	}
	if len(list) == 0 {
		return "", nil
	}
	return encodeJSON(list)
}

// encodeRules writes rules that narrow nothing as nothing.
func encodeRules(r authority.Rules) (string, error) {
	if r.IsZero() {
		return "", nil
	}
	for _, s := range slices.Concat(r.Origins, r.Methods, r.Paths, r.Keyspaces, []string{r.Owner}) {
		if err := checkText("rules", s); err != nil {
			return "", err
		}
	}
	return encodeJSON(r)
}

// Terms are what a key gets besides its scopes, as they are kept in one column.
type terms struct {
	Roles   []string           `json:"roles,omitempty"`
	Limits  []authority.Limit  `json:"limits,omitempty"`
	Credits *authority.Credits `json:"credits,omitempty"`
}

// encodeTerms writes no terms as nothing.
func encodeTerms(r *authority.Record) (string, error) {
	if len(r.Roles)+len(r.Limits) == 0 && r.Credits == nil {
		return "", nil
	}
	for _, s := range r.Roles {
		if err := checkText("roles", s); err != nil {
			return "", err
		}
	}
	if err := checkLimits(r.Limits); err != nil {
		return "", err
	}
	return encodeJSON(terms{r.Roles, r.Limits, r.Credits})
}

// encodeLimits writes an empty list as nothing.
func encodeLimits(limits []authority.Limit) (string, error) {
	if len(limits) == 0 {
		return "", nil
	}
	if err := checkLimits(limits); err != nil {
		return "", err
	}
	return encodeJSON(limits)
}

func checkLimits(limits []authority.Limit) error {
	for _, l := range limits {
		if err := checkText("limits", l.Name); err != nil {
			return err
		}
	}
	return nil
}

// encodePersonal writes an empty list as nothing.
func encodePersonal(fields []authority.Personal) (string, error) {
	if len(fields) == 0 {
		return "", nil
	}
	for _, p := range fields {
		if err := checkTexts("personal", p.Name, "personal", p.Value); err != nil {
			return "", err
		}
	}
	return encodeJSON(fields)
}

func encodeJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

// decodeJSON reads what encodeJSON wrote, or nothing.
func decodeJSON(text string, v any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), v)
}
