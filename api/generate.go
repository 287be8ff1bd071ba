// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

const (
	generatePreset = "unambiguous"
	generateLength = 32
)

// A GenerateRequest asks for a key that nobody stores.
type GenerateRequest struct {
	Prefix string `json:"prefix" doc:"The label at the front." example:"sk_live"`
	Length int    `json:"length,omitempty" minimum:"16" maximum:"64" default:"32" doc:"Characters of the secret."`
}

// A GenerateResponse holds the key, or why there is none.
type GenerateResponse struct {
	Success bool           `json:"success"`
	Data    *Generated     `json:"data,omitempty"`
	Error   *GenerateError `json:"error,omitempty"`
}

// Generated is a key and its parts.
type Generated struct {
	Key     Key    `json:"key" doc:"Prefix, _ and entropy." example:"sk_live_xK7mNpQ2rT8vWbYhGjF3sLcEuDaAzM9n"`
	Prefix  string `json:"prefix" example:"sk_live"`
	Entropy Key    `json:"entropy" doc:"The secret. Store SHA-256 of this." example:"xK7mNpQ2rT8vWbYhGjF3sLcEuDaAzM9n"`
}

// A GenerateError says why there is no key.
type GenerateError struct {
	Code    string `json:"code" enum:"INVALID_INPUT,INTERNAL_ERROR,RATE_LIMITED"`
	Message string `json:"message"`
}

// The codes of a GenerateError.
const (
	GenerateInvalidInput  = "INVALID_INPUT"
	GenerateInternalError = "INTERNAL_ERROR"
	GenerateRateLimited   = "RATE_LIMITED"
)

// GenerateFormat reads a GenerateRequest as JSON and returns the format of the key that it asks for, or what is wrong with
// it, with the code GenerateInvalidInput. Fields that are not of the contract are passed over, as its other
// implementations do.
func GenerateFormat(b []byte) (keywright.Format, *GenerateError) {
	f, fault := generateFormat(b)
	if fault != "" {
		return f, &GenerateError{Code: GenerateInvalidInput, Message: fault}
	}
	return f, nil
}

func generateFormat(b []byte) (f keywright.Format, fault string) {
	var fields map[string]json.RawMessage
	if !utf8.Valid(b) || json.Unmarshal(b, &fields) != nil || fields == nil {
		return f, "the body is not a JSON object: send {\"prefix\":\"sk_live\",\"length\":32}"
	}
	var prefix *string
	if raw, ok := fields["prefix"]; !ok || json.Unmarshal(raw, &prefix) != nil || prefix == nil || *prefix == "" {
		return f, "prefix is missing or not text: use a label such as sk_live"
	}
	length := generateLength
	if raw, ok := fields["length"]; ok {
		var number *float64
		if json.Unmarshal(raw, &number) != nil || number == nil || *number != float64(int(*number)) {
			return f, "length is not a whole number: use 16 to 64"
		}
		length = int(*number)
	}
	f, err := keywright.Preset(generatePreset)
	if err == nil {
		f.Prefix, f.Secret.Chars = *prefix, length
		f, err = f.Normalize()
	}
	var wrong *keywright.FormatError
	switch {
	case errors.As(err, &wrong) && wrong.Field == "secret":
		return f, "length is out of range: use 16 to 64"
	case err != nil || f.Prefix != *prefix:
		return f, "prefix is not possible: use words of letters and digits joined by _, at most 32 characters, such as sk_live"
	}
	return f, ""
}

// Generate makes a key of a format that GenerateFormat returned. Randomness is the operating system's generator where
// random is nil; anything else is for tests.
func Generate(f keywright.Format, random io.Reader) (*Generated, error) {
	g, err := keywright.NewGenerator(f, random)
	if err != nil {
		return nil, err
	}
	k, err := g.Next("")
	if err != nil {
		return nil, err
	}
	return &Generated{Key: NewKey(k.Full()), Prefix: k.Prefix(), Entropy: NewKey(k.Secret())}, nil
}
