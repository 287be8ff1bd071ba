// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

type readyFlags struct {
	profile, url string
	within       time.Duration
}

func (s *session) readyCommand() *cobra.Command {
	var f readyFlags
	cmd := &cobra.Command{
		Use:   "ready",
		Short: "Ask whether a server can judge, for health checks",
		Long: `Ask whether a server can judge, for the health check of a container that has no other program. It needs no service key:
it asks /readyz of the server on this machine, or of the one that --url or --profile names.

The exit code is 0 where it can, and 3 where it cannot or nobody answers.`,
		Example: "  keywright ready\n  keywright ready --url https://keys.example.com --within 1s",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return s.ready(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.url, "url", "http://"+defaultListen, "ask the server at `URL`")
	flags.StringVar(&f.profile, "profile", "", "ask the server of the profile `NAME`")
	addDuration(flags, &f.within, "within", 3*time.Second, "wait `TIME` for the answer")
	return cmd
}

func (s *session) ready(ctx context.Context, f *readyFlags) error {
	if f.within <= 0 {
		return misused("--within is not above 0", "leave it out, or give a time such as 3s")
	}
	to := destination{url: f.url, from: "--url"}
	if f.profile != "" {
		var err error
		if to, err = s.address(&serverFlags{profile: f.profile}); err != nil {
			return err
		}
	}
	c, err := s.clientOf(to)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.within)
	defer cancel()
	if err := c.Ready(ctx); err != nil {
		return fromServer(err)
	}
	_, err = fmt.Fprintf(s.stdout, "%s is ready\n", c.URL())
	return err
}
