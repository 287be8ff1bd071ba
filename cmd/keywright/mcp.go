// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/mcp"
)

func (s *session) mcpCommand() *cobra.Command {
	var f serverFlags
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Offer the tools to an AI agent",
		Long: `Offer the tools to an AI agent, on standard input and output (Model Context Protocol). An agent's program starts this
command; nobody types into it.

The tools ask a server: that of a profile, or of KEYWRIGHT_URL with KEYWRIGHT_SERVICE_KEY or --service-key-file. What the
agent may do is what that key may do; with a key that is no service key and has the scope keywright:children it can
make children of it, and nothing else. Where no server is named and there is no profile local, the tools that need none
are offered alone.

What an agent issues goes to a file of mode 0600 that it names, not into the conversation, unless it asks for that.
A server offers the same at /mcp.`,
		Example: `  keywright mcp
  keywright mcp --profile production
  KEYWRIGHT_URL=https://keys.example.com keywright mcp --service-key-file agent.key`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.mcp(cmd.Context(), &f) },
	}
	addServerFlags(cmd, &f)
	return cmd
}

func (s *session) mcp(ctx context.Context, f *serverFlags) error {
	c, err := s.perhapsConnect(f)
	if err != nil {
		return err
	}
	if c == nil {
		s.say("no server is named: the tools that need none are offered alone")
	} else {
		s.say("offering the tools of %s", c.URL())
	}
	err = mcp.Serve(ctx, s.stdin, s.stdout, mcp.Options{Client: c, Version: thisBuild().Version})
	if err != nil && !ctxEnded(err) {
		return unknowable("the conversation broke off", "look at what the agent's program says", errors.New("standard input or output failed"))
	}
	return nil
}

// perhapsConnect returns a client, or nil where nothing names a server.
func (s *session) perhapsConnect(f *serverFlags) (*client.Client, error) {
	named := f.url != "" || f.profile != "" || f.keyFile != "" || strings.TrimSpace(s.env["KEYWRIGHT_SERVICE_KEY"]) != ""
	if !named {
		if s.configFolder() == "" {
			return nil, nil
		}
		if p, err := s.readProfile(localProfile); p == nil || err != nil {
			return nil, err
		}
	}
	return s.connect(f)
}
