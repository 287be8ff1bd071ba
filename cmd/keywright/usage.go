// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError says what is wrong with a flag, and not the value that was given.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			return misused("unknown flag", "flags have long names: "+cmd.CommandPath()+" --help shows them")
		}
		return misused(fmt.Sprintf("%s has no flag --%s", cmd.CommandPath(), shown(name)), nearestHint(name, names, "--"))
	case errors.As(err, &missing):
		f := missing.GetFlag()
		return misused("--"+f.Name+" needs a value", usageOf(f))
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		return misused("--"+f.Name+" "+valueProblem(f, invalid.Unwrap()), usageOf(f))
	}
	return misused("the flags cannot be read", cmd.CommandPath()+" --help shows them")
}

// A valueError is an error of a flag's value that says what is wrong without repeating it.
type valueError string

func (e valueError) Error() string { return string(e) }

// valueProblem says what is wrong with the value of a flag.
func valueProblem(f *pflag.Flag, err error) string {
	var own valueError
	if errors.As(err, &own) {
		return string(own)
	}
	switch f.Value.Type() {
	case "int", "uint64", "int64":
		return "is not a whole number"
	case "bool":
		return "is not true or false"
	}
	return "cannot be read"
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misused(cmd.CommandPath()+" takes no arguments", cmd.CommandPath()+" --help shows how it is used")
	}
	return nil
}

// oneArgument takes exactly one.
func oneArgument(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 && args[0] != "" {
			return nil
		}
		return misused(cmd.CommandPath()+" takes one "+name, cmd.CommandPath()+" --help shows how it is used")
	}
}

// subcommandsOnly makes a command that only gathers others.
func subcommandsOnly(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(cmd, args[0])
	}
}

func unknownCommand(parent *cobra.Command, name string) error {
	var names []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	problem := parent.CommandPath() + " has no such command"
	if s := shown(name); s != "…" && !strings.ContainsAny(s, "/ \t\n") {
		problem = fmt.Sprintf("%s has no command %q", parent.CommandPath(), s)
	}
	return misused(problem, nearestHint(name, names, ""))
}

// oneOf is a flag that takes one of some words.
type oneOf struct {
	value *string
	words []string
}

func (o *oneOf) String() string {
	if o.value == nil {
		return ""
	}
	return *o.value
}

func (o *oneOf) Type() string { return "string" }

func (o *oneOf) Set(s string) error {
	for _, w := range o.words {
		if s == w {
			*o.value = s
			return nil
		}
	}
	return valueError("is not one of " + strings.Join(o.words, ", "))
}

// choice adds a flag that takes one of some words, which the shell can complete.
func choice(cmd *cobra.Command, value *string, name, initial, usage string, words ...string) {
	*value = initial
	cmd.Flags().Var(&oneOf{value, words}, name, usage)
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}
