// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the build: -ldflags "-X main.version=1.2.3". Otherwise the module's own is shown.
var version string

type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func thisBuild() build {
	b := build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Commit = s.Value
			}
		}
		if b.Version == "" {
			b.Version = info.Main.Version
		}
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "development"
	}
	return b
}

func (b build) String() string {
	return fmt.Sprintf("keywright %s (%s, %s)", b.Version, b.Go, b.Platform)
}

func (s *session) versionCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  keywright version\n  keywright version --output json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if output == asJSON {
				return s.writeJSON(b)
			}
			_, err := fmt.Fprintln(s.stdout, b)
			return err
		},
	}
	outputOneFlag(cmd, &output)
	return cmd
}

func (s *session) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script with which the shell completes commands",
		Long:  "Print a script with which the shell completes commands, flags and their values: bash, zsh, fish or powershell.",
		Example: `  source <(keywright completion bash)
  keywright completion zsh > "${fpath[1]}/_keywright"
  keywright completion fish > ~/.config/fish/completions/keywright.fish
  keywright completion powershell | Out-String | Invoke-Expression`,
		Args:      oneArgument("SHELL"),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(s.stdout, true)
			case "zsh":
				return root.GenZshCompletion(s.stdout)
			case "fish":
				return root.GenFishCompletion(s.stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(s.stdout)
			}
			return misused("no script for this shell", "use bash, zsh, fish or powershell")
		},
	}
}
