// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// maxPepper is the longest pepper that a server takes, in bytes.
const maxPepper = 1024

func (s *session) peppersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "peppers", Short: "Look after the peppers of hashes",
		Long: `Look after the peppers of hashes. A pepper is a secret that hashes are made with (HMAC-SHA256), kept sealed with the
root key of the server, apart from its store: whoever has the store alone cannot try keys against it.

keyspaces update NAME --pepper PEPPER makes it the pepper of new secrets; those that are there get it at their next
valid use. A pepper that is in use cannot be removed.`,
		Example: `  keywright peppers create 2030-01
  keywright keyspaces update acme --pepper 2030-01`,
	}
	subcommandsOnly(cmd)
	cmd.AddCommand(s.peppersCreateCommand(), s.peppersImportCommand(), s.peppersListCommand(), s.peppersRemoveCommand())
	return cmd
}

func (s *session) peppersCreateCommand() *cobra.Command {
	var f serverFlags
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a pepper of random bytes", Long: "Make a pepper of 32 random bytes. Nothing shows it again.",
		Example: "  keywright peppers create 2030-01",
		Args:    oneArgument("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.createPepper(cmd, &f, api.PepperRequest{Name: args[0]})
		},
	}
	addServerFlags(cmd, &f)
	return cmd
}

func (s *session) createPepper(cmd *cobra.Command, f *serverFlags, q api.PepperRequest) error {
	c, err := s.connect(f)
	if err != nil {
		return err
	}
	p, err := c.CreatePepper(cmd.Context(), q)
	if err != nil {
		return fromServer(err)
	}
	s.say("made the pepper %s", printable(p.Name))
	s.say("next: keywright keyspaces update KEYSPACE --pepper %s", printable(p.Name))
	return nil
}

func (s *session) peppersImportCommand() *cobra.Command {
	var f serverFlags
	var file, encoding string
	cmd := &cobra.Command{
		Use: "import NAME", Short: "Take a pepper that hashes from elsewhere were made with",
		Long: `Take a pepper that hashes from elsewhere were made with. It is read from a file or from standard input, never from
the command line; one newline at its end is not part of it.`,
		Example: `  keywright peppers import theirs --file pepper.txt
  vault kv get -field=pepper secret/api | keywright peppers import theirs --encoding hex`,
		Args: oneArgument("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := s.readPepper(file, encoding)
			if err != nil {
				return err
			}
			key := api.NewKey(keywright.NewSecret(base64.StdEncoding.EncodeToString(b)))
			return s.createPepper(cmd, &f, api.PepperRequest{Name: args[0], Bytes: key})
		},
	}
	cmd.Flags().StringVar(&file, "file", "-", "read the pepper from `FILE`; - is standard input")
	choice(cmd, &encoding, "encoding", "text", "it is written in `FORM`: text, hex or base64", "text", "hex", "base64")
	addServerFlags(cmd, &f)
	return cmd
}

// readPepper reads the bytes of a pepper. Its errors never repeat them.
func (s *session) readPepper(file, encoding string) ([]byte, error) {
	from := s.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, misused("cannot read "+file+": "+plainPathError(err), "name a file that you can read")
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, 2*maxPepper+3))
	if err != nil {
		return nil, unknowable("the pepper could not be read", "look whether the file is still there", nil)
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	b := []byte(line)
	switch encoding {
	case "hex":
		b, err = hex.DecodeString(line)
	case "base64":
		b, err = base64.StdEncoding.DecodeString(line)
	}
	if err != nil || len(b) == 0 || len(b) > maxPepper {
		return nil, misused("the pepper is not 1 to 1024 bytes, or is not written in "+encoding, "--encoding says how it is written")
	}
	return b, nil
}

func (s *session) peppersListCommand() *cobra.Command {
	var f serverFlags
	var output string
	cmd := &cobra.Command{
		Use: "list", Short: "List the peppers", Example: "  keywright peppers list", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.connect(&f)
			if err != nil {
				return err
			}
			list, err := c.Peppers(cmd.Context())
			if err != nil {
				return fromServer(err)
			}
			if output == asJSON {
				return s.writeJSON(list)
			}
			for _, p := range list {
				line := []string{p.Name, "made " + s.dayText(p.CreatedAt)}
				if len(p.Keyspaces) > 0 {
					line = append(line, "used by "+strings.Join(p.Keyspaces, " "))
				}
				if p.Missing {
					line = append(line, "cannot be opened with this root key")
				}
				if _, err := io.WriteString(s.stdout, strings.Join(line, " · ")+"\n"); err != nil {
					return err
				}
			}
			if len(list) == 0 {
				s.say("no peppers")
			}
			return nil
		},
	}
	outputOneFlag(cmd, &output)
	addServerFlags(cmd, &f)
	return cmd
}

func (s *session) peppersRemoveCommand() *cobra.Command {
	var f serverFlags
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Remove a pepper for good", Long: "Remove a pepper for good. One that a keyspace names, or that a secret is hashed with, stays.",
		Example: "  keywright peppers remove 2029-01", Args: oneArgument("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.connect(&f)
			if err != nil {
				return err
			}
			if err := c.RemovePepper(cmd.Context(), args[0]); err != nil {
				return fromServer(err)
			}
			s.say("removed")
			return nil
		},
	}
	addServerFlags(cmd, &f)
	return cmd
}
