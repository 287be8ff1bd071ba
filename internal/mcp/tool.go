// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"runtime/debug"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/strictjson"
)

// A tool is how a tool presents itself.
type tool struct {
	name, title, description string

	reads     bool // it changes nothing
	destroys  bool // it takes something away
	repeats   bool // twice is as good as once
	authority bool // it needs a server

	choices map[string][]string // what some arguments can be, where the type does not say
}

// A call is one call of a tool.
type call struct {
	client *client.Client // nil for stateless tools
	links  *linker        // nil: a new key cannot wait behind a link
	files  bool
	random io.Reader
}

type clientKey struct{}

// withClient is for requests that bring their own.
func withClient(ctx context.Context, c *client.Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// add offers a tool. Its schemas are those of the types.
func add[In, Out any](s *toolset, t tool, do func(context.Context, *call, *In) (*Out, error)) {
	no := false
	input := schemaOf(reflect.TypeFor[In]())
	input.AdditionalProperties = false
	for name, choices := range t.choices {
		input.Properties[name].Enum = choices
	}
	if !s.offer.files {
		delete(input.Properties, "to_file")
		delete(input.Properties, "from_file")
	}
	described := &sdk.Tool{
		Name: t.name, Title: t.title, Description: t.description, InputSchema: input, OutputSchema: schemaOf(reflect.TypeFor[Out]()),
		Annotations: &sdk.ToolAnnotations{
			Title: t.title, ReadOnlyHint: t.reads, DestructiveHint: &t.destroys, IdempotentHint: t.repeats || t.reads, OpenWorldHint: &no,
		},
	}
	s.names[t.name] = true
	s.server.AddTool(described, func(ctx context.Context, r *sdk.CallToolRequest) (result *sdk.CallToolResult, _ error) {
		defer func() {
			if v := recover(); v != nil { // of the value nothing: it may hold anything
				s.log.Error("a tool panicked", "tool", t.name, "stack", string(debug.Stack()))
				result = refusal(api.NewProblem(api.Internal, "", "something went wrong that should not", "try something else"))
			}
		}()
		out, err := run(ctx, s, t, r.Params.Arguments, do)
		if err != nil {
			return failed(err), nil
		}
		return succeeded(out)
	})
}

// run does what one call asks for.
func run[In, Out any](ctx context.Context, s *toolset, t tool, arguments json.RawMessage, do func(context.Context, *call, *In) (*Out, error)) (*Out, error) {
	c := &call{files: s.offer.files, random: s.random}
	if t.authority {
		if c.client, _ = ctx.Value(clientKey{}).(*client.Client); c.client == nil {
			return nil, errNoServiceKey
		}
		c.links, _ = ctx.Value(linksKey{}).(*linker)
	}
	in, err := argumentsOf[In](arguments, s.offer.files)
	if err != nil {
		return nil, err
	}
	return do(ctx, c, in)
}

var errNoServiceKey = api.NewProblem(api.Unauthenticated, "", "this tool needs a service key",
	"connect with the header Authorization: Bearer and a service key; the stateless tools work without one")

// argumentsOf reads the arguments of a call.
func argumentsOf[In any](raw json.RawMessage, files bool) (*In, error) {
	in := new(In)
	if len(raw) == 0 || string(raw) == "null" {
		raw = json.RawMessage("{}")
	}
	if p := strictjson.Decode(raw, in); p != nil {
		return nil, aboutArguments(p, raw, schemaOf(reflect.TypeFor[In]()))
	}
	if f, ok := any(in).(interface{ usesFiles() string }); ok && !files && f.usesFiles() != "" {
		return nil, invalid(f.usesFiles(), "is not possible here: your files are not on this machine", "leave it out")
	}
	return in, nil
}

// succeeded is a result: as it is typed, and as text for clients that know no typed ones.
func succeeded(out any) (*sdk.CallToolResult, error) {
	text, err := json.Marshal(out)
	if err != nil {
		return nil, errors.New("the result cannot be written")
	}
	f, ok := out.(interface{ fails() bool })
	return &sdk.CallToolResult{
		StructuredContent: json.RawMessage(text), Content: []sdk.Content{&sdk.TextContent{Text: string(text)}}, IsError: ok && f.fails(),
	}, nil
}
