// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
)

// A KeyPatch changes a record. A field that is absent (nil) stays as it is; null or an empty value clears it.
type KeyPatch struct {
	Name            *string          `json:"name,omitempty" nullable:"true"`
	Owner           *string          `json:"owner,omitempty" nullable:"true"`
	Scopes          *[]string        `json:"scopes,omitempty" nullable:"true"`
	Roles           *[]string        `json:"roles,omitempty" nullable:"true"`
	Limits          *[]Limit         `json:"limits,omitempty" nullable:"true" doc:"All of them."`
	Credits         *CreditsPatch    `json:"credits,omitempty" doc:"null: they are not kept any more."`
	Metadata        *json.RawMessage `json:"metadata,omitempty" doc:"A JSON object, whole; null clears it."`
	AllowedNetworks *[]netip.Prefix  `json:"allowed_networks,omitempty" nullable:"true"`
	AllowedOrigins  *[]string        `json:"allowed_origins,omitempty" nullable:"true"`
	AllowedMethods  *[]string        `json:"allowed_methods,omitempty" nullable:"true"`
	AllowedPaths    *[]string        `json:"allowed_paths,omitempty" nullable:"true"`
	Keyspaces       *[]string        `json:"keyspaces,omitempty" nullable:"true" doc:"Of a service key."`
	NotBefore       *Time            `json:"not_before,omitempty" nullable:"true"`
	ExpiresAt       *Time            `json:"expires_at,omitempty" nullable:"true"`
}

// UnmarshalJSON tells null, which clears, from absent.
func (p *KeyPatch) UnmarshalJSON(b []byte) error {
	type plain KeyPatch
	return unmarshalPatch(b, (*plain)(p))
}

// unmarshalPatch sets every pointer whose field is null to a zero value.
func unmarshalPatch(b []byte, patch any) error {
	if err := json.Unmarshal(b, patch); err != nil {
		return err
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(b, &given); err != nil {
		return err
	}
	v := reflect.ValueOf(patch).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if string(given[name]) == "null" {
			v.Field(i).Set(reflect.New(v.Field(i).Type().Elem()))
		}
	}
	return nil
}
