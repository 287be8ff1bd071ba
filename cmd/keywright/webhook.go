// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/webhook"
)

func (s *session) webhookCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "webhook",
		Aliases: []string{"webhooks"},
		Short:   "Have events sent to webhooks and exports; sign and verify messages",
		Long: `Have a server send events to webhooks, and to systems that collect logs. Without a server: make a secret for
webhooks, sign a message and verify one, as Standard Webhooks 1.0.0 says.

A secret is never an argument: it is read from a file.`,
		Example: `  keywright webhook create --receiver https://hooks.example.com/keys --verb 'key.*'
  keywright webhook list
  keywright webhook sign --secret-file hook.secret < body.json > headers.txt
  keywright webhook verify --secret-file hook.secret --headers-file headers.txt < body.json`,
	}
	subcommandsOnly(cmd)
	cmd.AddCommand(s.endpointCommands()...)
	cmd.AddCommand(s.webhookSecretCommand(), s.webhookSignCommand(), s.webhookVerifyCommand())
	return cmd
}

type webhookSecretFlags struct {
	bytes        int
	asymmetric   bool
	to, publicTo string
	force        bool
}

func (s *session) webhookSecretCommand() *cobra.Command {
	var f webhookSecretFlags
	cmd := &cobra.Command{
		Use:   "secret",
		Short: "Make a secret for webhooks",
		Long: `Make a secret for webhooks: whsec_ and base64, for sender and receiver.

With --asymmetric it is a private key, whsk_, for the sender alone; the public key for receivers, whpk_, goes
to standard error, or to the file that --public-to names. Few libraries of receivers know such keys yet.`,
		Example: `  keywright webhook secret
  keywright webhook secret --bytes 64 --to hook.secret
  keywright webhook secret --asymmetric --to hook.private --public-to hook.public`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.asymmetric && cmd.Flags().Changed("bytes") {
				return misused("--bytes is not possible with --asymmetric", "such keys have one size: leave one of the two out")
			}
			return s.webhookSecret(&f)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.bytes, "bytes", webhook.DefaultSecretBytes, "make a secret of `N` bytes, 24 to 64")
	flags.BoolVar(&f.asymmetric, "asymmetric", false, "make a private key and a public key (Ed25519)")
	flags.StringVar(&f.to, "to", "", "write the secret to `FILE` of mode 0600")
	flags.StringVar(&f.publicTo, "public-to", "", "write the public key to `FILE`")
	flags.BoolVar(&f.force, "force", false, "replace files that exist")
	return cmd
}

func (s *session) webhookSecret(f *webhookSecretFlags) error {
	switch {
	case f.bytes < webhook.MinSecretBytes || f.bytes > webhook.MaxSecretBytes:
		return misused("--bytes is not a size", "give 24 to 64")
	case f.publicTo != "" && !f.asymmetric:
		return misused("--public-to without --asymmetric", "a shared secret has no public key")
	case f.publicTo != "" && f.publicTo == f.to:
		return misused("--to and --public-to name the same file", "keep the private key and the public one apart")
	}
	secret, publicKey, err := makeWebhookSecret(f)
	if err != nil {
		return unknowable("no secret was made", "the system's source of randomness failed", err)
	}
	if err := f.write(secret, publicKey); err != nil {
		return err
	}
	if f.to != "" {
		s.say("secret written to %s", f.to)
	} else if _, err := fmt.Fprintln(s.stdout, secret.Reveal()); err != nil {
		return err
	}
	switch {
	case f.publicTo != "":
		s.say("public key written to %s", f.publicTo)
	case f.asymmetric:
		s.say("public key: %s", publicKey)
	}
	return nil
}

// write writes the files that were asked for, or none of them.
func (f *webhookSecretFlags) write(secret keywright.Secret, publicKey string) error {
	if f.to == "" {
		return f.writePublic(publicKey)
	}
	file, err := newSecretFile(f.to, f.force)
	if err != nil {
		return err
	}
	defer file.discard()
	if _, err := fmt.Fprintln(file, secret.Reveal()); err != nil {
		return file.failed(err)
	}
	if err := f.writePublic(publicKey); err != nil {
		return err
	}
	return file.done()
}

func (f *webhookSecretFlags) writePublic(publicKey string) error {
	if f.publicTo == "" {
		return nil
	}
	return writeSecretFile(f.publicTo, []byte(publicKey+"\n"), f.force)
}

func makeWebhookSecret(f *webhookSecretFlags) (secret keywright.Secret, publicKey string, err error) {
	if f.asymmetric {
		return webhook.NewKeyPair()
	}
	secret, err = webhook.NewSecret(f.bytes)
	return secret, "", err
}

type webhookSignFlags struct {
	secretFiles []string
	id          string
	at          time.Time
	output      string
}

func (s *session) webhookSignCommand() *cobra.Command {
	var f webhookSignFlags
	cmd := &cobra.Command{
		Use:   "sign",
		Short: "Sign a message",
		Long: `Print the three headers of a message whose body is on standard input.

While a secret is rotated, give the new one and the old: the header carries a signature of each. The body
must be sent as it was signed, byte for byte.`,
		Example: `  keywright webhook sign --secret-file hook.secret < body.json
  keywright webhook sign --secret-file new.secret --secret-file old.secret --id msg_1 < body.json
  keywright webhook sign --secret-file hook.private --at 2030-01-31T12:00:00Z --output json < body.json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return s.webhookSign(&f) },
	}
	flags := cmd.Flags()
	webhookSecretFileFlag(flags, &f.secretFiles, "sign with the secret in `FILE` (repeat)")
	flags.StringVar(&f.id, "id", "", "name the message `ID`, the same each time it is sent (default: a new one)")
	addTime(flags, &f.at, "at", "sign as sent at `TIME` (default: now)")
	outputOneFlag(cmd, &f.output)
	return cmd
}

func webhookSecretFileFlag(flags *pflag.FlagSet, files *[]string, usage string) {
	flags.StringArrayVar(files, "secret-file", nil, usage)
}

func (s *session) webhookSign(f *webhookSignFlags) error {
	keys, err := s.webhookKeys(f.secretFiles)
	if err != nil {
		return err
	}
	if f.id == "" {
		if f.id, err = webhook.NewID(); err != nil {
			return unknowable("no id was made", "the system's source of randomness failed", err)
		}
	}
	if f.at.IsZero() {
		f.at = s.now()
	}
	body, err := s.webhookBody()
	if err != nil {
		return err
	}
	h, err := webhook.Sign(f.id, f.at, body, keys...)
	if err != nil {
		return misused(err.Error(), webhookHint(err))
	}
	if f.output == asJSON {
		return s.writeJSON(h)
	}
	_, err = fmt.Fprintf(s.stdout, "%s: %s\n%s: %s\n%s: %s\n", webhook.HeaderID, h.ID, webhook.HeaderTimestamp, h.Timestamp, webhook.HeaderSignature, h.Signature)
	return err
}
