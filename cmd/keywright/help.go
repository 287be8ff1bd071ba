// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const helpWidth = 100

const exitCodesHelp = `  0  done
  1  refused or not valid
  2  wrong usage
  3  could not judge`

// help writes the help of a command: what it does, how it is called, examples, flags and exit codes.
func (s *session) help(cmd *cobra.Command) {
	colour := s.colours(s.stdout)
	var b strings.Builder
	section := func(title, text string) {
		if text = strings.TrimRight(text, "\n"); text != "" {
			fmt.Fprintf(&b, "\n%s\n%s\n", colour.heading(title), text)
		}
	}
	width := helpWidth
	if w := s.width(s.stdout); w > 0 {
		width = min(w, helpWidth)
	}
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintln(&b, reflow(text, width))
	usage := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		usage = cmd.CommandPath() + " COMMAND [flags]"
	}
	section("Usage", "  "+usage)
	section("Examples", cmd.Example)
	for _, g := range cmd.Groups() {
		section(g.Title, commandList(cmd, g.ID))
	}
	section("Commands", commandList(cmd, ""))
	local := cmd.LocalNonPersistentFlags()
	section("Flags", flagList(local, width))
	global := pflag.NewFlagSet("", pflag.ContinueOnError)
	global.AddFlagSet(cmd.InheritedFlags())
	global.AddFlagSet(cmd.PersistentFlags())
	section("Flags of all commands", flagList(global, width))
	section("Exit codes", exitCodesHelp)
	fmt.Fprint(&b, "\nEvery flag can be given as a variable, --config-dir as KEYWRIGHT_CONFIG_DIR, or in the --config file.\n")
	_, _ = fmt.Fprint(s.stdout, b.String())
}

// reflow breaks paragraphs into lines of at most width columns.
func reflow(text string, width int) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteString("\n\n")
		}
		column := 0
		for _, word := range strings.Fields(paragraph) {
			n := len([]rune(word))
			switch {
			case column == 0:
			case column+1+n > width:
				b.WriteByte('\n')
				column = 0
			default:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += n
		}
	}
	return b.String()
}

func flagList(flags *pflag.FlagSet, width int) string {
	flags.SortFlags = false
	return flags.FlagUsagesWrapped(width)
}

func commandList(cmd *cobra.Command, group string) string {
	var b strings.Builder
	if len(cmd.Groups()) > 0 && group == "" {
		return ""
	}
	longest := 0
	for _, c := range cmd.Commands() {
		longest = max(longest, len(c.Name()))
	}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && c.GroupID == group {
			fmt.Fprintf(&b, "  %-*s  %s\n", longest, c.Name(), c.Short)
		}
	}
	return b.String()
}

// helpCommand is for those who type keywright help issue.
func (s *session) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "help [COMMAND]",
		Short:  "Show the help of a command",
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(cmd.Root(), strings.Join(args, " "))
			}
			return found.Help()
		},
	}
}
