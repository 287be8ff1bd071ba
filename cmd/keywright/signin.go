// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

type signInFlags struct {
	url, profile, keyFile string
	tls                   tlsFiles
}

func (s *session) signInCommand() *cobra.Command {
	var f signInFlags
	cmd := &cobra.Command{
		Use: "sign-in", Short: "Keep a server and a service key as a profile",
		Long: `Keep a server and a service key as a profile, so that the other commands find them.

The service key is read from standard input, from a prompt without echo, or from --key-file, and tried before it
is kept.`,
		Example: `  keywright admin sign-in --url https://keys.example.com
  keywright admin sign-in --url https://keys.example.com --profile production --key-file admin-key
  keywright admin sign-in --url unix:/run/keywright/keywright.sock`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.signIn(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.url, "url", "", "for the server at `URL`")
	flags.StringVar(&f.profile, "profile", localProfile, "call the profile `NAME`")
	keyFileFlag(flags, &f.keyFile)
	f.tls.addFlags(flags)
	return cmd
}

func (s *session) signIn(ctx context.Context, f *signInFlags) error {
	if f.url == "" {
		return misused("no server is named", "name it with --url, such as https://keys.example.com")
	}
	if _, err := s.profilePath(f.profile); err != nil {
		return err
	}
	key, err := s.readKey(ctx, f.keyFile)
	if err != nil {
		return err
	}
	files, err := f.tls.absolute()
	if err != nil {
		return err
	}
	web, err := files.client()
	if err != nil {
		return misused("the TLS files cannot be used: "+plainPathError(err), "--client-cert and --client-key belong together, --server-ca holds certificates, all in PEM")
	}
	c, err := client.New(client.Options{URL: f.url, ServiceKey: key, HTTP: web, UserAgent: userAgent()})
	if err != nil {
		return misused(err.Error(), "look at --url")
	}
	if readable(f.url) {
		s.warn("keys travel unencrypted to %s: use https", c.URL())
	}
	if err := tryKey(ctx, c); err != nil {
		return fromServer(err)
	}
	aside, err := s.writeProfile(f.profile, profile{c.URL(), api.NewKey(key), files})
	if err != nil {
		return err
	}
	s.say("signed in · profile %q", f.profile)
	if aside != "" {
		s.say("the profile before is kept in %s", aside)
	}
	return nil
}

// tryKey reports whether a server takes a service key: a key that may not list keyspaces is a valid one too.
func tryKey(ctx context.Context, c *client.Client) error {
	_, err := c.Keyspaces(ctx)
	var p *api.Problem
	if errors.As(err, &p) && p.Code == api.AccessDenied {
		return nil
	}
	return err
}

func (s *session) profilesCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "profiles", Short: "List the profiles",
		Example: "  keywright admin profiles\n  keywright admin profiles --output json",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return s.profiles(output) },
	}
	outputFlag(cmd, &output)
	return cmd
}

// A profileRow is a profile without its key.
type profileRow struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	File string `json:"file"`
}

var profileColumns = []column[profileRow]{
	{"name", func(r profileRow) string { return r.Name }},
	{"url", func(r profileRow) string { return r.URL }},
	{"file", func(r profileRow) string { return r.File }},
}

func (s *session) profiles(output string) error {
	names, err := s.profileNames()
	if err != nil {
		return err
	}
	t := table{titles: []string{"NAME", "URL", "FILE"}, shrink: []bool{false, false, true}}
	rows := newRows(s.stdout, output, profileColumns)
	for _, name := range names {
		p, err := s.readProfile(name)
		if err != nil {
			return err
		}
		if p == nil {
			continue
		}
		path, _ := s.profilePath(name)
		if output == asText {
			t.rows = append(t.rows, []string{name, p.URL, path})
		} else if err := rows.add(profileRow{name, p.URL, path}); err != nil {
			return err
		}
	}
	return s.finishList(&t, rows.end, output, len(names), false, "profiles")
}

func (s *session) profileNames() ([]string, error) {
	path, err := s.profilePath(localProfile)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, unknowable("the profiles cannot be listed: "+plainPathError(err), "look at who owns the folder", nil)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok && name != "" && name[0] != '.' {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
