// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// addClearFlag adds --clear, which takes names of other flags.
func addClearFlag(cmd *cobra.Command, to *[]string, names []string) {
	cmd.Flags().StringSliceVar(to, "clear", nil, "take away what the flag `NAME` gave (repeat)")
	_ = cmd.RegisterFlagCompletionFunc("clear", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// clearedOf reads --clear.
func clearedOf(given, known []string, named func(string) bool) (map[string]bool, error) {
	cleared := map[string]bool{}
	for _, name := range given {
		if !slices.Contains(known, name) {
			return nil, misused("--clear does not know this name", "use one of "+strings.Join(known, ", "))
		}
		if named(name) {
			return nil, misused("--clear "+name+" stands beside --"+name, "give one of them")
		}
		cleared[name] = true
	}
	return cleared, nil
}
