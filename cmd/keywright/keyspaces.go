// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

func (s *session) keyspacesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keyspaces",
		Short: "Keyspaces: the APIs that keys are for",
		Long:  "Keyspaces are the APIs that keys are for: each has its formats, its environments and a policy.",
		Example: `  keywright keyspaces list
  keywright keyspaces create acme
  keywright keyspaces show acme`,
	}
	subcommandsOnly(cmd)
	cmd.AddCommand(s.keyspacesListCommand(), s.keyspacesShowCommand(), s.keyspacesCreateCommand(), s.keyspacesUpdateCommand())
	return cmd
}

var keyspaceColumns = []column[api.Keyspace]{
	{"name", func(k api.Keyspace) string { return k.Name }},
	{"formats", func(k api.Keyspace) string { return formatNames(k.Formats) }},
	{"environments", func(k api.Keyspace) string { return strings.Join(k.Environments, " ") }},
	{"created_at", func(k api.Keyspace) string { return timeText(k.CreatedAt) }},
}

func formatNames(formats []api.Format) string {
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

func (s *session) keyspacesListCommand() *cobra.Command {
	var f showFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List the keyspaces",
		Example: "  keywright keyspaces list\n  keywright keyspaces list --output json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.connect(&f.serverFlags)
			if err != nil {
				return err
			}
			spaces, err := c.Keyspaces(cmd.Context())
			if err != nil {
				return fromServer(err)
			}
			t := table{titles: []string{"NAME", "FORMATS", "ENVIRONMENTS", "KEYS LOOK LIKE"}, shrink: []bool{false, true, true, true}}
			rows := newRows(s.stdout, f.output, keyspaceColumns)
			for _, k := range spaces {
				if f.output == asText {
					t.rows = append(t.rows, []string{k.Name, formatNames(k.Formats), dash(strings.Join(k.Environments, " ")), firstShape(&k)})
				} else if err := rows.add(k); err != nil {
					return err
				}
			}
			return s.finishList(&t, rows.end, f.output, len(spaces), false, "keyspaces")
		},
	}
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) keyspacesShowCommand() *cobra.Command {
	var f showFlags
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a keyspace",
		Example: "  keywright keyspaces show acme\n  keywright keyspaces show acme --output json",
		Args:    oneArgument("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.connect(&f.serverFlags)
			if err != nil {
				return err
			}
			k, err := c.Keyspace(cmd.Context(), args[0])
			if err != nil {
				return fromServer(err)
			}
			return s.showKeyspace(&k, f.output)
		},
	}
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) showKeyspace(k *api.Keyspace, form string) error {
	if form == asJSON {
		return s.writeJSON(k)
	}
	colour := s.colours(s.stdout)
	if _, err := fmt.Fprintln(s.stdout, colour.heading(printable(k.Name))); err != nil {
		return err
	}
	var d details
	for _, f := range k.Formats {
		d.add("format "+f.Name, shapeText(&f))
	}
	d.add("environments", dash(strings.Join(k.Environments, " ")))
	d.addPolicy(&k.Policy)
	d.add("created", timeText(k.CreatedAt))
	return d.write(s.stdout, "  ", colour)
}

func firstShape(k *api.Keyspace) string {
	if len(k.Formats) == 0 {
		return ""
	}
	return shapeText(&k.Formats[0])
}

// shapeText draws a format: acme_live_<public id 12>_<secret 43><crc32>, 256 bits.
func shapeText(f *api.Format) string {
	format, err := f.Resolve()
	if err == nil {
		format, err = format.Normalize()
	}
	if err != nil {
		return "unknown"
	}
	if format.Secret.Encoding == keywright.Opaque {
		return "any text of 16 to 1024 bytes"
	}
	var b strings.Builder
	for _, label := range []string{format.Prefix, format.Environment} {
		if label != "" {
			b.WriteString(label + format.Separator)
		}
	}
	if !format.ID.None() {
		b.WriteString("<" + partText("id", format.ID) + ">" + format.Separator)
	}
	b.WriteString("<" + partText("secret", format.Secret) + ">")
	switch format.Checksum {
	case keywright.CRC32:
		b.WriteString("<crc32>")
	case keywright.Crockford4:
		b.WriteString(format.Separator + "<check>")
	}
	return b.String() + " · " + bitsText(format.Entropy())
}

func partText(name string, p keywright.Part) string {
	if p.Chars > 0 {
		return fmt.Sprintf("%s %d %s", name, p.Chars, p.Encoding)
	}
	return fmt.Sprintf("%s %d bytes %s", name, p.Bytes, p.Encoding)
}
