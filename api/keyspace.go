// SPDX-License-Identifier: Apache-2.0

package api

import (
	"time"

	"github.com/keywright/keywright"
)

const none = "none"

// A Keyspace is the API that keys are for. Its first format and its first environment are the default.
type Keyspace struct {
	Name         string    `json:"name" example:"acme"`
	Formats      []Format  `json:"formats" nullable:"false"`
	Environments []string  `json:"environments" nullable:"false" example:"[\"live\",\"test\"]"`
	Policy       Policy    `json:"policy"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
	Version      uint64    `json:"version"`
}

// A Policy bounds what may be issued in a keyspace, and says what holds for all of its keys.
type Policy struct {
	MaxLife           Duration            `json:"max_life,omitempty" doc:"The longest life of a key; absent: no bound." example:"8760h"`
	RequireOwner      bool                `json:"require_owner,omitempty" doc:"Every key names an owner."`
	AllowedScopes     []string            `json:"allowed_scopes,omitempty" nullable:"false" doc:"Patterns; absent: all."`
	Roles             map[string][]string `json:"roles,omitempty" doc:"Sets of scopes by name. A change holds for every key that has the role." example:"{\"reader\":[\"invoices:read\"]}"`
	DefaultFormat     string              `json:"default_format,omitempty" doc:"Of new keys; absent: the first."`
	PublishableScopes []string            `json:"publishable_scopes,omitempty" nullable:"false" doc:"Patterns: what keys of publishable formats may hold besides scopes whose last segment is read."`
	KeyLimits         []Limit             `json:"key_limits,omitempty" nullable:"false" doc:"Of a new key that names none."`
	OwnerLimits       []Limit             `json:"owner_limits,omitempty" nullable:"false" doc:"Of every owner that has none of its own."`
	Limits            []Limit             `json:"limits,omitempty" nullable:"false" doc:"Of the whole keyspace."`
	LimiterAway       string              `json:"limiter_away,omitempty" enum:"local,refuse" doc:"What becomes of keys with limits while the limiter that nodes share does not answer; absent: local, by a share for each node. refuse: 503."`
	MaxGrace          Duration            `json:"max_grace,omitempty" doc:"The longest grace of a rotation; absent: 366 days." example:"720h"`
	Rotation          *Rotation           `json:"rotation,omitempty" doc:"Absent: keys are rotated when somebody wishes."`
	Pepper            string              `json:"pepper,omitempty" doc:"The name of the pepper that new secrets are hashed with; absent: plain SHA-256." example:"2030-01"`
	Routes            []Route             `json:"routes,omitempty" nullable:"false" maxItems:"200" doc:"What requests must bring to a gateway, by method and path; the first that matches counts. POST /v1/verify does not look at them."`
	RoutesDefault     string              `json:"routes_default,omitempty" enum:"allow,deny" doc:"What a gateway does with a request that no route matches; absent: deny where there are routes, and else allow. allow: any valid key will do."`
	Exchange          *ExchangePolicy     `json:"exchange,omitempty" doc:"Absent: keys are not exchanged for tokens."`
	Leaks             *LeakPolicy         `json:"leaks,omitempty" doc:"What becomes of secret keys that are reported; absent: they are revoked at once."`
}

// A Route says what a request must bring to a gateway beside a valid key.
type Route struct {
	Method      string   `json:"method,omitempty" doc:"In upper case; absent: every." example:"GET"`
	Path        string   `json:"path" doc:"By whole segments: it and all below it. A segment * stands for any one." example:"/v1/invoices"`
	Scopes      []string `json:"scopes,omitempty" nullable:"false" doc:"All are needed." example:"[\"invoices:read\"]"`
	ScopeExpr   string   `json:"scope_expr,omitempty" doc:"Needed as well: an expression with AND, OR and parentheses." example:"invoices:read OR invoices:admin"`
	Cost        int64    `json:"cost,omitempty" doc:"Units of limits and credits; absent: 1, or as the proxy says."`
	Environment string   `json:"environment,omitempty" doc:"Of the keyspace; keys of others are refused. Absent: as the proxy says." example:"live"`
}

// Rotation says when the keys of a keyspace are due for a new secret.
type Rotation struct {
	Every Duration `json:"every" doc:"After the current secret was made, at least 1h." example:"2160h"`
	Warn  Duration `json:"warn,omitempty" doc:"How long before, a key shows as about to be due; absent: a tenth of every." example:"168h"`
	Grace Duration `json:"grace,omitempty" doc:"Of a rotation that names none." example:"24h"`
	Idle  Duration `json:"idle,omitempty" doc:"Of a rotation that names none: ends the grace earlier when the old secret was not used for so long." example:"6h"`
}

// A KeyspaceRequest makes a keyspace. Without formats it gets the default one, with its own name as the prefix; without
// environments live and test.
type KeyspaceRequest struct {
	Name         string   `json:"name" doc:"1 to 64 lower-case letters, digits and -." example:"acme"`
	Formats      []Format `json:"formats,omitempty" nullable:"false"`
	Environments []string `json:"environments,omitzero" nullable:"false" doc:"live and test, where it is left out; empty: none."`
	Policy       *Policy  `json:"policy,omitempty"`
}

// A KeyspacePatch changes a keyspace. Formats are added; one that exists must be the same, since keys once issued must
// verify for ever.
type KeyspacePatch struct {
	Formats      *[]Format `json:"formats,omitempty" doc:"To add."`
	Environments *[]string `json:"environments,omitempty" doc:"All of them. Keys of one that is taken away stay as they are."`
	Policy       *Policy   `json:"policy,omitempty" doc:"The whole policy; null clears it."`
}

// UnmarshalJSON tells null, which clears, from absent.
func (p *KeyspacePatch) UnmarshalJSON(b []byte) error {
	type plain KeyspacePatch
	return unmarshalPatch(b, (*plain)(p))
}

// A KeyspaceList lists all keyspaces that the caller may see, by name.
type KeyspaceList struct {
	Keyspaces []Keyspace `json:"keyspaces" nullable:"false"`
}

// A Format says how one kind of key is written. A preset gives the start and the fields that are given override it; what
// is neither given nor in a preset is not in the format. Answers give every field.
type Format struct {
	Name        string              `json:"name,omitempty" doc:"How the keyspace calls it." example:"secret"`
	Preset      string              `json:"preset,omitempty" doc:"What it starts from; keywright where neither this nor secret is given." example:"keywright"`
	Prefix      *string             `json:"prefix,omitempty" doc:"The label at the front; empty for none." example:"acme"`
	Environment string              `json:"environment,omitempty" doc:"The label that is written where none is asked for; none for keys without that segment." example:"live"`
	Separator   string              `json:"separator,omitempty" doc:"One of _ - . : ~"`
	ID          *Part               `json:"id,omitempty" doc:"The public id; encoding none for keys without one."`
	Secret      *Part               `json:"secret,omitempty" doc:"The segment that resists guessing."`
	Checksum    *keywright.Checksum `json:"checksum,omitempty" enum:"none,crc32,crockford4"`
	Hash        *keywright.Cover    `json:"hash,omitempty" enum:"full,secret,bytes" doc:"What the storage hash covers."`
	Lenient     *bool               `json:"lenient,omitempty" doc:"Read keys of any length from the right, by their separators."`
	Publishable *bool               `json:"publishable,omitempty" doc:"Keys may be seen by anyone: nobody can end one by holding it."`
}

// A Part says how a segment is written and how large it is: in bytes of entropy or in characters, one of the two.
type Part struct {
	Encoding keywright.Encoding `json:"encoding" enum:"none,base62,base58,base55,base64url,base64,hex,crockford,opaque"`
	Bytes    int                `json:"bytes,omitempty"`
	Chars    int                `json:"chars,omitempty"`
}

// Resolve returns the format that is meant. It is not normalized. The error is a *keywright.FormatError.
func (f *Format) Resolve() (keywright.Format, error) {
	var r keywright.Format
	preset := f.Preset
	if preset == "" && f.Secret == nil {
		preset = keywright.DefaultPreset
	}
	if preset != "" {
		var err error
		if r, err = keywright.Preset(preset); err != nil {
			return r, err
		}
	}
	r.Name = f.Name
	set(&r.Prefix, f.Prefix)
	switch f.Environment {
	case "":
	case none:
		r.Environment = ""
	default:
		r.Environment = f.Environment
	}
	if f.Separator != "" {
		r.Separator = f.Separator
	}
	setPart(&r.ID, f.ID)
	setPart(&r.Secret, f.Secret)
	set(&r.Checksum, f.Checksum)
	set(&r.Hash, f.Hash)
	set(&r.Lenient, f.Lenient)
	set(&r.Publishable, f.Publishable)
	return r, nil
}

// FormatOf returns a format for the wire, with every field; Resolve returns it as it was.
func FormatOf(f keywright.Format) Format {
	environment := f.Environment
	if environment == "" {
		environment = none
	}
	id, secret := Part(f.ID), Part(f.Secret)
	return Format{
		Name: f.Name, Preset: f.Preset, Prefix: &f.Prefix, Environment: environment, Separator: f.Separator,
		ID: &id, Secret: &secret, Checksum: &f.Checksum, Hash: &f.Hash, Lenient: &f.Lenient, Publishable: &f.Publishable,
	}
}

func set[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
}

func setPart(to *keywright.Part, given *Part) {
	if given != nil {
		*to = keywright.Part(*given)
	}
}
