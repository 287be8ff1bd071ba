// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// keyOrFilter lets a command take one KEY_ID, or none where --filter chooses keys.
func keyOrFilter(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return misused(cmd.CommandPath()+" takes one KEY_ID", "for many keys use --filter")
	}
	return nil
}

// A bulkAct is what is done to many keys, and how that is told.
type bulkAct struct {
	request api.BulkRequest
	past    string // such as revoked
	after   string // what holds once it is done, for people
	output  string
	to      string // of a rotation: the file for the new keys
	replace bool
}

var bulkColumns = []column[api.BulkResult]{
	{"id", func(r api.BulkResult) string { return r.ID.String() }},
	{"name", func(r api.BulkResult) string { return r.Name }},
	{"owner", func(r api.BulkResult) string { return r.Owner }},
	{"public_id", func(r api.BulkResult) string { return r.PublicID }},
	{"state", func(r api.BulkResult) string { return r.State }},
	{"done", func(r api.BulkResult) string { return fmt.Sprint(r.Done) }},
	{"problem", func(r api.BulkResult) string { return problemText(r.Problem) }},
}

// rotatedKeyColumns hold the new keys: the one place where they leave this program in CSV.
var rotatedKeyColumns = []column[api.BulkResult]{
	{"key", func(r api.BulkResult) string { return r.Key.Reveal() }},
	{"id", func(r api.BulkResult) string { return r.ID.String() }},
	{"name", func(r api.BulkResult) string { return r.Name }},
	{"owner", func(r api.BulkResult) string { return r.Owner }},
	{"public_id", func(r api.BulkResult) string { return r.PublicID }},
	{"previous_ends_at", func(r api.BulkResult) string { return timeText(r.PreviousEndsAt) }},
}

func problemText(p *api.Problem) string {
	if p == nil {
		return ""
	}
	return p.Detail
}

// bulk does something to many keys, after it has asked whether that is meant.
func (s *session) bulk(ctx context.Context, server *serverFlags, f *filterFlags, act bulkAct) error {
	c, err := s.connect(server)
	if err != nil {
		return err
	}
	if act.request.DryRun = f.dryRun; f.dryRun {
		return s.bulkRun(ctx, c, act)
	}
	if !f.yes {
		if meant, err := s.bulkConfirm(ctx, c, act); err != nil || !meant {
			return err
		}
	}
	return s.bulkRun(ctx, c, act)
}

// bulkConfirm says how many keys it would be and asks.
func (s *session) bulkConfirm(ctx context.Context, c *client.Client, act bulkAct) (bool, error) {
	if !isTerminal(s.stdin) || !isTerminal(s.stderr) {
		return false, misused("nobody can be asked here", "look with --dry-run, then give --yes")
	}
	dry := act.request
	dry.DryRun = true
	end, err := c.Bulk(ctx, dry, func(api.BulkResult) error { return nil })
	switch {
	case err != nil:
		return false, fromServer(err)
	case end.Count == 0:
		s.say("no keys: nothing to do")
		return false, nil
	}
	_, _ = fmt.Fprintf(s.stderr, "%s %s of the keyspace %s? [y/N] ", act.request.Verb, keysText(end.Count), printable(act.request.Filter.Keyspace))
	answer, err := s.answer(ctx)
	if err != nil {
		return false, err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return false, refused("nothing was done", "")
	}
	return true, nil
}

// answer reads a line of the terminal.
func (s *session) answer(ctx context.Context) (string, error) {
	type line struct {
		text string
		err  error
	}
	lines := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(s.stdin).ReadString('\n')
		lines <- line{text, err}
	}()
	select {
	case l := <-lines:
		if errors.Is(l.err, io.EOF) {
			l.err = nil
		}
		return l.text, l.err
	case <-ctx.Done():
		s.say("")
		return "", ctx.Err()
	}
}

func (s *session) bulkRun(ctx context.Context, c *client.Client, act bulkAct) error {
	sink, err := s.bulkSink(&act)
	if err != nil {
		return err
	}
	defer sink.discard()
	progress := s.newProgress(0)
	defer progress.end()
	n, kept := 0, 0
	end, err := c.Bulk(ctx, act.request, func(r api.BulkResult) error {
		n++
		progress.at(n)
		if !r.Key.IsZero() {
			kept++
		}
		if r.Problem != nil {
			s.warn("%s: %s", r.ID, printable(problemText(r.Problem)))
		}
		return sink.write(r)
	})
	if kept > 0 || act.to == "" { // also after an error: nothing shows these keys again
		if endErr := sink.end(); err == nil {
			err = endErr
		}
	}
	progress.end()
	if err != nil {
		if n > 0 {
			s.say("it ended early: %s had been looked at", keysText(n))
		}
		return fromServer(err)
	}
	s.say("%s", act.endText(&end))
	if end.Failed > 0 {
		return ended(api.ExitRefused)
	}
	return nil
}

// endText is the line for people below what was done.
func (a *bulkAct) endText(end *api.BulkEnd) string {
	if end.DryRun {
		return keysText(end.Count) + " would be " + a.past + " · nothing was done"
	}
	parts := []string{keysText(end.Done) + " " + a.past}
	if end.Failed > 0 {
		parts = append(parts, grouped(end.Failed)+" failed")
	}
	if a.to != "" && end.Done > 0 {
		parts = append(parts, "written to "+a.to)
	}
	if end.Done > 0 && a.after != "" {
		parts = append(parts, a.after)
	}
	return strings.Join(parts, " · ")
}

func keysText(n int) string {
	if n == 1 {
		return "1 key"
	}
	return grouped(n) + " keys"
}
