// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
)

// A filterPart is what a filter can name.
type filterPart struct {
	name    string
	example string // of a value; empty: it takes none
	set     func(*api.Filter, string) error
}

const exampleTime = "2026-01-31"

var filterParts = []filterPart{
	{"owner", "team_7", func(f *api.Filter, s string) error { f.Owner = s; return nil }},
	{"scope", "invoices:read", func(f *api.Filter, s string) error { f.Scope = s; return nil }},
	{"network", "10.0.0.0/8", filterNetwork},
	{"created-since", exampleTime, func(f *api.Filter, s string) error { return timeValue{&f.CreatedSince}.Set(s) }},
	{"created-before", exampleTime, func(f *api.Filter, s string) error { return timeValue{&f.CreatedBefore}.Set(s) }},
	{"expires-before", exampleTime, func(f *api.Filter, s string) error { return timeValue{&f.ExpiresBefore}.Set(s) }},
	{"state", "active", func(f *api.Filter, s string) error { f.State = s; return nil }},
	{"search", "ci", func(f *api.Filter, s string) error { f.Text = s; return nil }},
	{"due", "", func(f *api.Filter, _ string) error { f.Due = true; return nil }},
	{"all", "", func(f *api.Filter, _ string) error { f.All = true; return nil }},
}

func filterNetwork(f *api.Filter, s string) error {
	var networks networkList
	if err := networks.Set(s); err != nil || len(networks) > 1 {
		return valueError("is not a network such as 10.0.0.0/8 or 2001:db8::/32")
	}
	f.Network = networks[0]
	return nil
}

// typedAs is the part with an example of its value.
func (p filterPart) typedAs() string {
	if p.example == "" {
		return p.name
	}
	return p.name + "=" + p.example
}

// filterFlags choose many keys in place of one.
type filterFlags struct {
	keyspace    string
	parts       []string
	dryRun, yes bool
}

const filterHelp = `With --filter it is done to every key that all filters choose: owner=ID, scope=SCOPE (keys that grant it), network=CIDR
(keys that may be used from there), created-since=TIME, created-before=TIME, expires-before=TIME, state=STATE,
search=TEXT (in name or owner), due (for a rotation), or all. Look with --dry-run first. On a terminal it says how many
keys it would be and asks; elsewhere it needs --yes.`

func (f *filterFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.parts, "filter", nil, "in place of KEY_ID: every key that `FILTER` chooses, such as owner=team_7 (repeat: all must hold)")
	var completions []string
	for _, p := range filterParts {
		name, _, takesValue := strings.Cut(p.typedAs(), "=")
		if takesValue {
			name += "="
		}
		completions = append(completions, name)
	}
	_ = cmd.RegisterFlagCompletionFunc("filter", cobra.FixedCompletions(completions, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	flags.StringVar(&f.keyspace, "keyspace", defaultKeyspace, "with --filter: keys of the keyspace `NAME`")
	flags.BoolVar(&f.dryRun, "dry-run", false, "with --filter: list which keys it would be, and do nothing")
	flags.BoolVar(&f.yes, "yes", false, "with --filter: do not ask")
}

// filter returns what chooses many keys, or nil where one key is named.
func (f *filterFlags) filter(args []string) (*api.Filter, error) {
	switch {
	case len(args) > 0 && len(f.parts) > 0:
		return nil, misused("KEY_ID stands beside --filter", "name one key, or choose many")
	case len(args) > 0 && f.dryRun:
		return nil, misused("--dry-run stands without --filter", "keywright show KEY_ID shows the key")
	case len(args) > 0:
		return nil, nil
	case len(f.parts) == 0:
		return nil, misused("nothing says which key", "name a KEY_ID, or choose keys with --filter, such as --filter owner=team_7")
	}
	q := &api.Filter{Keyspace: f.keyspace}
	var seen []string
	for _, text := range f.parts {
		part, value, err := filterPartOf(text)
		if err != nil {
			return nil, err
		}
		if slices.Contains(seen, part.name) {
			return nil, misused("--filter names "+part.name+" twice", "all filters must hold: run it once for each")
		}
		seen = append(seen, part.name)
		if err := part.set(q, value); err != nil {
			return nil, misused("--filter "+part.name+" "+err.Error(), "use --filter "+part.typedAs())
		}
	}
	if q.All && len(seen) > 1 {
		return nil, misused("--filter all stands beside another filter", "leave one of them out")
	}
	return q, nil
}

// filterPartOf reads one filter.
func filterPartOf(text string) (part filterPart, value string, err error) {
	name, value, given := strings.Cut(text, "=")
	name = strings.ReplaceAll(strings.TrimSpace(name), "_", "-")
	i := slices.IndexFunc(filterParts, func(p filterPart) bool { return p.name == name })
	if i < 0 {
		var names []string
		for _, p := range filterParts {
			names = append(names, p.name)
		}
		return part, "", misused("--filter names something that is not known", "use "+strings.Join(names, ", "))
	}
	part = filterParts[i]
	switch {
	case part.example == "" && given:
		return part, "", misused("--filter "+name+" takes no value", "use --filter "+name)
	case part.example != "" && value == "":
		return part, "", misused("--filter "+name+" has no value", "use --filter "+part.typedAs())
	}
	return part, value, nil
}
