// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// A Program is the command line. The zero value is ready; tests start it as main does.
type Program struct {
	Clock func() time.Time // nil: time.Now
}

// Run does what the arguments say and returns the exit code.
func (p *Program) Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) int {
	s := &session{stdin: stdin, stdout: stdout, stderr: stderr, env: map[string]string{}, now: p.Clock}
	if s.now == nil {
		s.now = time.Now
	}
	for _, line := range env {
		if name, value, ok := strings.Cut(line, "="); ok {
			s.env[name] = value
		}
	}
	return s.report(s.run(ctx, args))
}

// A session is what one run of the program works with.
type session struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            map[string]string
	now            func() time.Time

	configFile string          // --config
	configDir  string          // --config-dir
	typed      map[string]bool // flags that are on the command line
}

func (s *session) run(ctx context.Context, args []string) error {
	root := s.commands()
	if !completing(args) {
		if err := guard(args); err != nil {
			return err
		}
	}
	if args == nil {
		args = []string{} // nil would make cobra read the arguments of the process
	}
	root.SetArgs(args)
	root.SetIn(s.stdin)
	root.SetOut(s.stdout)
	root.SetErr(s.stderr)
	return root.ExecuteContext(ctx)
}

// completing reports whether a shell asks how a command line could go on.
func completing(args []string) bool {
	return len(args) > 0 && slices.Contains([]string{cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, args[0])
}

func init() { cobra.EnableCommandSorting = false } // the help lists commands in the order of a key's life

const (
	groupOffline = "offline"
	groupServer  = "server"
	groupKeys    = "keys"
	groupMore    = "more"
)

// commands builds the tree of commands.
func (s *session) commands() *cobra.Command {
	root := &cobra.Command{
		Use:   "keywright",
		Short: "Make, verify and revoke API keys",
		Long: `Keywright makes, verifies and revokes API keys.

A key is never an argument: it is read from standard input, from a prompt without echo, or from a file.
Keys go to standard output, alone; everything else goes to standard error.`,
		Example: `  keywright generate --prefix acme
  keywright serve
  keywright issue --name ci --scope invoices:read
  keywright verify`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		Version:           thisBuild().String(),
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version")
	subcommandsOnly(root)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return s.bind(cmd) }
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { s.help(cmd) })
	root.SetHelpCommand(s.helpCommand())
	root.PersistentFlags().StringVar(&s.configFile, "config", "", "read settings from `FILE`: names of flags and their values, in JSON")
	root.PersistentFlags().StringVar(&s.configDir, "config-dir", "", "keep profiles in `FOLDER` (default $XDG_CONFIG_HOME/keywright or ~/.config/keywright)")
	root.PersistentFlags().BoolP("help", "h", false, "show this help")
	root.AddGroup(
		&cobra.Group{ID: groupOffline, Title: "Keys without a server"},
		&cobra.Group{ID: groupServer, Title: "The server"},
		&cobra.Group{ID: groupKeys, Title: "Keys of a server"},
		&cobra.Group{ID: groupMore, Title: "More"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupOffline, s.generateCommand(), s.inspectCommand(), s.hashCommand(), s.matchCommand(), s.scanCommand())
	add(groupOffline, s.tokenCommand(), s.signCommand(), s.verifySignedCommand(), s.deriveCommand())
	add(groupServer, s.serveCommand(), s.backupCommand(), s.restoreCommand(), s.adminCommand(), s.doctorCommand())
	add(groupKeys, s.issueCommand(), s.childCommand(), s.exchangeCommand(), s.verifyCommand(), s.listCommand(), s.showCommand(), s.updateCommand(),
		s.rotateCommand(), s.endGraceCommand(), s.disableCommand(), s.enableCommand(), s.revokeCommand(),
		s.creditsCommand(), s.ownersCommand(), s.usageCommand(), s.importCommand(), s.exportCommand(),
		s.keyspacesCommand(), s.peppersCommand(), s.signingKeysCommand(), s.auditCommand(), s.leaksCommand())
	add(groupMore, s.webhookCommand())
	add(groupKeys, s.mcpCommand())
	add(groupMore, s.versionCommand(), s.completionCommand())
	inOrder(root)
	return root
}

// inOrder lists flags in the order in which they were added.
func inOrder(cmd *cobra.Command) {
	cmd.Flags().SortFlags = false
	cmd.PersistentFlags().SortFlags = false
	for _, c := range cmd.Commands() {
		inOrder(c)
	}
}
