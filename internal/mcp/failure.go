// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// invalid returns a problem of an argument.
func invalid(field, what, hint string) *api.Problem {
	p := api.NewProblem(api.InvalidInput, field, what, hint)
	if field != "" {
		p.Detail = field + " " + what
	}
	return p
}

// aboutArguments says of arguments what was said of a body, and which one is not known, if its name is a word: a key that
// was sent in its place has other characters.
func aboutArguments(p *api.Problem, raw json.RawMessage, s *schema) *api.Problem {
	var given map[string]json.RawMessage
	_ = json.Unmarshal(raw, &given) // what is wrong with it is said
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if s.Properties[name] == nil && p.Field == "" && len(name) <= 24 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == "" {
			p.Detail += " (" + name + ")"
			break
		}
	}
	p.Detail = strings.Replace(p.Detail, "the body", "the arguments", 1)
	p.Detail = strings.Replace(p.Detail, "the arguments is", "the arguments are", 1)
	p.Detail = strings.Replace(p.Detail, "a field that", "an argument that", 1)
	p.Hint = strings.Replace(p.Hint, "fields are", "arguments are", 1)
	return p
}

// problemOf says what an error means for the agent.
func problemOf(err error) *api.Problem {
	var p *api.Problem
	var format *keywright.FormatError
	var transport *client.TransportError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &format):
		return invalid(format.Field, format.Problem, format.Hint)
	case errors.As(err, &transport):
		return api.NewProblem(api.Unavailable, "", transport.Error(), "look whether the server runs; this says nothing about any key")
	}
	return api.NewProblem(api.Unavailable, "", "no answer was possible", "try again; this says nothing about any key")
}

// failed is the result of a call that could not be done. Agents read it: it has the code, what is wrong and what would do.
func failed(err error) *sdk.CallToolResult {
	p := problemOf(err)
	if p.Code == api.Unauthenticated && p != errNoServiceKey {
		p = api.NewProblem(p.Code, "", "the key that this connection shows is not a valid service key, or may not do this",
			"connect with another one; with a parent key only issue_child_key works, for the id of that key")
	}
	return refusal(p)
}

func refusal(p *api.Problem) *sdk.CallToolResult {
	return &sdk.CallToolResult{IsError: true, Content: []sdk.Content{&sdk.TextContent{Text: string(p.Code) + ": " + p.Error()}}}
}
