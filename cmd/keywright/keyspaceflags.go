// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// keyspaceFlags describe a keyspace, or what is added to one.
type keyspaceFlags struct {
	serverFlags
	formatFlags
	name, file   string
	formatName   string
	environments []string
	publishable  bool
	policyFlags
	output  string
	changed func(string) bool
}

func addKeyspaceFlags(cmd *cobra.Command, f *keyspaceFlags) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.environments, "env", nil, "have the environment `LABEL` (repeat; none for keys without one)")
	flags.StringVar(&f.formatName, "format-name", "", "call the format `NAME` (default secret)")
	addFormatFlags(cmd, &f.formatFlags)
	flags.BoolVar(&f.publishable, "publishable", false, "keys of the format may be seen by anyone")
	f.policyFlags.add(cmd)
	flags.StringVar(&f.file, "file", "", "read the keyspace from `FILE`, in JSON as the API takes it; - is standard input")
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	f.changed, f.policyFlags.changed = flags.Changed, flags.Changed
	f.formatFlags.changed = func(name string) bool { return name != "env" && flags.Changed(name) } // here --env lists those of the keyspace
}

// formatGiven reports whether a flag of the format was given.
func (f *keyspaceFlags) formatGiven() bool {
	for _, name := range []string{
		"format-name", "preset", "prefix", "encoding", "bytes", "length", "id-bytes", "separator", "no-checksum", "shape", "publishable",
	} {
		if f.changed(name) {
			return true
		}
	}
	return false
}

// noEnvironments reports whether keys shall have none: --env none.
func (f *keyspaceFlags) noEnvironments() bool {
	return len(f.environments) == 1 && f.environments[0] == noEnvironment
}

func (f *keyspaceFlags) environmentList() []string {
	if f.noEnvironments() {
		return []string{}
	}
	return f.environments
}

// oneFormat returns the format that the flags describe, named after the keyspace where no prefix is given.
func (f *keyspaceFlags) oneFormat(keyspace string) (api.Format, error) {
	if f.preset == "opaque" {
		return api.Format{Name: f.formatName, Preset: f.preset}, nil
	}
	if f.noEnvironments() {
		f.formatFlags.env = noEnvironment
	}
	format, err := f.formatFlags.format()
	if err != nil {
		return api.Format{}, err
	}
	if !f.changed("prefix") && f.preset == keywright.DefaultPreset && format.Prefix != "" {
		format.Prefix = labelOf(keyspace)
	}
	if format.Environment != "" && len(f.environments) > 0 {
		if format.Environment, err = keywright.Environment(f.environments[0]); err != nil {
			return api.Format{}, err
		}
	}
	format.Name = f.formatName
	if f.changed("publishable") {
		format.Publishable = f.publishable
	}
	return api.FormatOf(format), nil
}

// labelOf is the label that keys of a keyspace begin with.
func labelOf(keyspace string) string {
	return strings.ReplaceAll(keyspace, "-", "_")
}
