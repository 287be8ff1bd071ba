// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/keywright/keywright/api"
)

type functionIn struct {
	Slug string          `json:"slug" doc:"Which function."`
	Args json.RawMessage `json:"args,omitempty" doc:"Its arguments: an object."`
}

// functionOut is what a function returns, as its HTTP route does.
type functionOut struct {
	Success bool               `json:"success"`
	Data    *functionData      `json:"data,omitempty" doc:"What the function returns; which fields there are depends on it."`
	Error   *api.GenerateError `json:"error,omitempty" doc:"Why there is nothing."`
}

// functionData holds the result of one function: one of these is not nil.
type functionData struct {
	*api.Generated
	*generated
	*inspected
	*hashed
	*scanned
}

// A function is what call_function calls by its slug.
type function struct {
	slug, takes string
	makes       bool
	do          func(context.Context, *call, json.RawMessage) (functionData, error)
}

var functions = []function{
	{"sec-api-key-generate", `{"prefix":"sk_live","length":32} makes prefix_secret without ambiguous characters, and returns key, prefix and entropy`, true, secAPIKeyGenerate},
	{"generate-key", "takes what generate_key takes", true, typed(generateKeys, func(d *functionData, out *generated) { d.generated = out })},
	{"inspect-key", "takes what inspect_key takes", false, typed(inspectKey, func(d *functionData, out *inspected) { d.inspected = out })},
	{"hash-key", `{"key":"…"} returns the storage hash`, false, typed(hashKey, func(d *functionData, out *hashed) { d.hashed = out })},
	{"scan-text", "takes what scan_text takes", false, typed(scanText, func(d *functionData, out *scanned) { d.scanned = out })},
}

// typed makes a function of a tool.
func typed[In, Out any](do func(context.Context, *call, *In) (*Out, error), set func(*functionData, *Out)) func(context.Context, *call, json.RawMessage) (functionData, error) {
	return func(ctx context.Context, c *call, args json.RawMessage) (d functionData, err error) {
		in, err := argumentsOf[In](args, c.files)
		if err != nil {
			return d, err
		}
		out, err := do(ctx, c, in)
		if err == nil {
			set(&d, out)
		}
		return d, err
	}
}

// secAPIKeyGenerate keeps the contract of POST /api/sec-api-key-generate. By it the key is part of the result: whoever calls
// it has asked for that.
func secAPIKeyGenerate(_ context.Context, c *call, args json.RawMessage) (d functionData, err error) {
	f, fault := api.GenerateFormat(args)
	if fault != nil {
		return d, api.NewProblem(api.InvalidInput, "", strings.Replace(fault.Message, "the body", "args", 1), "")
	}
	d.Generated, err = api.Generate(f, c.random)
	return d, err
}

// addFunctions offers call_function.
func (s *toolset) addFunctions() {
	var slugs, takes []string
	by := map[string]*function{}
	for i := range functions {
		f := &functions[i]
		if !f.makes || s.offer.making {
			by[f.slug] = f
			slugs, takes = append(slugs, f.slug), append(takes, f.slug+" "+f.takes)
		}
	}
	add(s, tool{
		name: "call_function", title: "Call a function by its slug",
		description: "Call a function that needs no service key and stores nothing, by its slug. Functions: " + strings.Join(takes, "; ") + ". " +
			"Returns {success: true, data} or {success: false, error: {code, message}}.",
		choices: map[string][]string{"slug": slugs},
	}, func(ctx context.Context, c *call, in *functionIn) (*functionOut, error) {
		f := by[in.Slug]
		if f == nil {
			return functionFailed(invalid("slug", "is of no function", "use one of "+strings.Join(slugs, ", "))), nil
		}
		d, err := f.do(ctx, c, in.Args)
		if err != nil {
			return functionFailed(problemOf(err)), nil
		}
		return &functionOut{Success: true, Data: &d}, nil
	})
}

func functionFailed(p *api.Problem) *functionOut {
	code := api.GenerateInternalError
	if p.Code == api.InvalidInput || p.Code == api.Conflict {
		code = api.GenerateInvalidInput
	}
	return &functionOut{Error: &api.GenerateError{Code: code, Message: p.Error()}}
}

// fails reports that a result is an error of the tool.
func (o *functionOut) fails() bool { return !o.Success }
