// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// methods are what is answered. Everything else that the protocol knows is for servers with prompts, resources or streams.
var methods = []string{"initialize", "ping", "tools/list", "tools/call", "server/discover"}

const (
	callMethod = "tools/call"
	maxID      = 200
)

// A message is one message of a client, as far as it must be looked at.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params,omitempty"`
}

type callParams struct {
	Meta      json.RawMessage `json:"_meta,omitempty"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
}

// vet looks at a message before the library does, whose errors repeat what was sent: parameters with the keys in them, too.
// It returns the message to go on with, which is none where there is nothing to do, or why it is refused, and to which id.
func (s *toolset) vet(b []byte) (text []byte, id json.RawMessage, wrong *jsonrpc.Error) {
	var m message
	if !utf8.Valid(b) || json.Unmarshal(b, &m) != nil {
		what := "what was sent is not one JSON-RPC message"
		if first := bytes.TrimLeft(b, " \t\r\n"); len(first) > 0 && first[0] == '[' {
			what = "messages are taken one by one, not in a batch"
		}
		return nil, nil, &jsonrpc.Error{Code: jsonrpc.CodeParseError, Message: what}
	}
	switch {
	case !isID(m.ID):
		return nil, nil, refuse(jsonrpc.CodeInvalidRequest, "the id is neither text nor a whole number, or too long")
	case m.Version != "2.0" || m.Method == "":
		return nil, m.ID, refuse(jsonrpc.CodeInvalidRequest, "what was sent is no request: it needs jsonrpc, method and params")
	case len(m.Params) > 0 && !isObject(m.Params):
		return nil, m.ID, refuse(jsonrpc.CodeInvalidParams, "params is not an object")
	case len(m.ID) == 0 && m.Method != "notifications/initialized" && m.Method != "notifications/cancelled":
		return nil, nil, nil // a notification that nothing here waits for
	case len(m.ID) == 0:
		return b, nil, nil
	case !slices.Contains(methods, m.Method):
		return nil, m.ID, refuse(jsonrpc.CodeMethodNotFound, "this server has tools alone: methods are "+strings.Join(methods, ", "))
	case m.Method == callMethod:
		text, wrong = s.vetCall(&m)
		return text, m.ID, wrong
	}
	return s.vetOther(b, &m)
}

func refuse(code int64, text string) *jsonrpc.Error { return &jsonrpc.Error{Code: code, Message: text} }

// vetCall writes a call anew, so that nothing is left in it that is read in two ways.
func (s *toolset) vetCall(m *message) ([]byte, *jsonrpc.Error) {
	var p callParams
	if len(m.Params) == 0 || json.Unmarshal(m.Params, &p) != nil || len(p.Meta) > 0 && !isObject(p.Meta) {
		return nil, refuse(jsonrpc.CodeInvalidParams, "params is not what tools/call takes: an object with name and arguments")
	}
	if !s.names[p.Name] {
		return nil, refuse(jsonrpc.CodeInvalidParams, "there is no tool of this name here: tools/list lists them")
	}
	if string(p.Arguments) == "null" {
		p.Arguments = nil
	}
	if len(p.Arguments) > 0 && !isObject(p.Arguments) {
		return nil, refuse(jsonrpc.CodeInvalidParams, "arguments is not an object")
	}
	var err error
	if m.Params, err = json.Marshal(p); err != nil {
		return nil, refuse(jsonrpc.CodeInvalidParams, "params cannot be read")
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, refuse(jsonrpc.CodeInvalidParams, "params cannot be read")
	}
	return text, nil
}

// vetOther looks at the parameters of all other methods.
func (s *toolset) vetOther(b []byte, m *message) ([]byte, json.RawMessage, *jsonrpc.Error) {
	var p struct {
		Meta         map[string]json.RawMessage `json:"_meta"`
		Version      string                     `json:"protocolVersion"`
		Cursor       string                     `json:"cursor"`
		Capabilities map[string]json.RawMessage `json:"capabilities"`
		ClientInfo   struct {
			Name, Version, Title string
		} `json:"clientInfo"`
	}
	if len(m.Params) > 0 && json.Unmarshal(m.Params, &p) != nil || p.Cursor != "" {
		return nil, m.ID, refuse(jsonrpc.CodeInvalidParams, "params is not what this method takes")
	}
	if m.Method == "initialize" && p.Version == "" {
		return nil, m.ID, refuse(jsonrpc.CodeInvalidParams, "params is not what initialize takes: protocolVersion is missing")
	}
	return b, m.ID, nil
}

// isID reports whether an id is absent, text or a whole number.
func isID(id json.RawMessage) bool {
	if len(id) == 0 {
		return true
	}
	var number int64
	return len(id) <= maxID && (id[0] == '"' || string(id) != "null" && json.Unmarshal(id, &number) == nil)
}

func isObject(b json.RawMessage) bool { return len(b) > 0 && b[0] == '{' }

// refusalText is the answer to a message that is refused.
func refusalText(id json.RawMessage, wrong *jsonrpc.Error) []byte {
	if len(id) == 0 {
		id = json.RawMessage("null")
	}
	text, err := json.Marshal(struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   *jsonrpc.Error  `json:"error"`
	}{"2.0", id, wrong})
	if err != nil { // nothing in it can fail
		return nil
	}
	return text
}
