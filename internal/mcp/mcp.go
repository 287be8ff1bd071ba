// SPDX-License-Identifier: Apache-2.0

// Package mcp is the door for AI agents: the verbs of an authority as tools of the Model Context Protocol.
//
//	err := mcp.Serve(ctx, os.Stdin, os.Stdout, mcp.Options{Client: c})    // keywright mcp
//	handler := mcp.Handler(mcp.HTTPOptions{Server: server})               // /mcp
//
// Tools that need the authority speak /v1 through a client.Client, so callers, scopes, events and errors are those of every
// other door. Over HTTP that client carries the service key of the one request it serves, and calls the server in this
// process; no key outlives its request. The stateless tools need neither a server nor a key.
//
// What an agent reads stays in its transcript, so a secret goes into a result only where the agent asks for it (reveal).
// Over standard input and output it goes to a new file of mode 0600 instead (to_file), and keys are read from files
// (from_file). Over HTTP what is issued waits behind a link that works once. No error repeats what was sent.
package mcp

import (
	"io"
	"log/slog"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/keywright/keywright/client"
)

// Options say what the tools have behind them. The zero value offers the stateless ones.
type Options struct {
	Client  *client.Client // of the server; nil: only the stateless tools
	Version string         // of the program
	Random  io.Reader      // for the keys it makes; nil: the operating system's generator
	Logger  *slog.Logger   // for what should not happen; nil: silent
}

const title = "Keywright"

// offer is what a set of tools offers.
type offer struct {
	files     bool // the agent's files are on this machine
	authority bool // the tools that need a server
	making    bool // the tools that make keys without one
}

// A toolset is a server of the protocol and what its tools need.
type toolset struct {
	server *sdk.Server
	offer  offer
	names  map[string]bool // of the tools
	random io.Reader
	log    *slog.Logger
}

func newToolset(o offer, version string, random io.Reader, log *slog.Logger) *toolset {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if version == "" {
		version = "unknown"
	}
	t := &toolset{offer: o, names: map[string]bool{}, random: random, log: log}
	t.server = sdk.NewServer(&sdk.Implementation{Name: "keywright", Title: title, Version: version}, &sdk.ServerOptions{
		Instructions: o.instructions(),
		Capabilities: &sdk.ServerCapabilities{Tools: &sdk.ToolCapabilities{}},
	})
	t.addFunctions()
	t.addStateless()
	if o.authority {
		t.addKeys()
		t.addReading()
	}
	return t
}

// instructions tell an agent what it should know before it calls a tool.
func (o offer) instructions() string {
	text := "Keywright makes, verifies, rotates and revokes API keys. A key is a secret: keep it out of this conversation. "
	if o.files {
		text += "Let what is made go to a file with to_file, and read keys with from_file. Ask for reveal only when a person wants to see the key here. "
	} else {
		text += "What is issued waits behind a link that works once: give the link to whoever needs the key, and do not open it. With reveal the key is part of this conversation: ask a person before. "
	}
	if o.authority {
		text += "Name keys by their key id (key_...), which is no secret. For work of your own issue a child key with issue_child_key: " +
			"the fewest scopes that do, and an expires_in of minutes or hours; revoke it when you are done. " +
			"A key that verify_key refuses is a verdict with a code; an error of the tool says nothing about the key."
	} else {
		text += "There is no server behind these tools: they make and read keys, and know nothing of which keys are valid."
	}
	return text
}
