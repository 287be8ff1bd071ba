// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/webhook"
)

type webhookVerifyFlags struct {
	secretFiles []string
	headers     webhook.Headers
	headersFile string
	stripe      bool
	at          time.Time
	tolerance   time.Duration
}

func (s *session) webhookVerifyCommand() *cobra.Command {
	var f webhookVerifyFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Verify a message",
		Long: `Verify a message whose body is on standard input: exit code 0 if a signature matches and the message is of
now, 1 with the reason if not.

The body must be as it came, byte for byte. While a secret is rotated, give the new one and the old.
With --stripe the message is one of Stripe, which sends one header, Stripe-Signature.`,
		Example: `  keywright webhook verify --secret-file hook.secret --headers-file headers.txt < body.json
  keywright webhook verify --secret-file pub --id msg_1 --timestamp 1614265330 --signature v1a,… < body
  keywright webhook verify --secret-file stripe.secret --stripe --signature t=…,v1=… < body.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd.Flags().Changed); err != nil {
				return err
			}
			return s.webhookVerify(&f)
		},
	}
	flags := cmd.Flags()
	webhookSecretFileFlag(flags, &f.secretFiles, "verify with the secret or public key in `FILE` (repeat)")
	flags.StringVar(&f.headersFile, "headers-file", "", "read the headers from `FILE`, one on a line; others in it are passed over")
	flags.StringVar(&f.headers.ID, "id", "", "the header webhook-id is `ID`")
	flags.StringVar(&f.headers.Timestamp, "timestamp", "", "the header webhook-timestamp is `SECONDS` since 1970")
	flags.StringVar(&f.headers.Signature, "signature", "", "the header webhook-signature, or Stripe-Signature, is `TEXT`")
	flags.BoolVar(&f.stripe, "stripe", false, "verify as Stripe signs")
	addTime(flags, &f.at, "at", "verify as of `TIME` (default: now)")
	addDuration(flags, &f.tolerance, "tolerance", webhook.DefaultTolerance, "let the timestamp be off by `DURATION`, in the past and in the future")
	return cmd
}

// check refuses flags that contradict each other, and asks for those that are missing.
func (f *webhookVerifyFlags) check(given func(string) bool) error {
	if f.tolerance <= 0 {
		return misused("--tolerance is not a duration above zero", "five minutes is usual: 5m")
	}
	single := []string{"id", "timestamp", "signature"}
	for i, name := range single {
		switch {
		case given(name) && f.headersFile != "":
			return misused("--"+name+" stands beside --headers-file", "give one of them")
		case given(name) && f.stripe && name != "signature":
			return misused("--"+name+" is not possible with --stripe", "Stripe sends one header: give it with --signature")
		case !given(name) && f.headersFile == "" && (!f.stripe || i == 2):
			return misused("--"+name+" is missing", "give the headers of the message with --id, --timestamp and --signature, or with --headers-file; those of Stripe with --stripe and --signature")
		}
	}
	return nil
}

func (s *session) webhookVerify(f *webhookVerifyFlags) error {
	if f.at.IsZero() {
		f.at = s.now()
	}
	verify, err := s.webhookVerifier(f)
	if err != nil {
		return err
	}
	if f.headersFile != "" {
		text, err := os.Open(f.headersFile)
		if err != nil {
			return misused("the file of headers cannot be read: "+plainPathError(err), "name a file with a header on each line")
		}
		defer text.Close()
		if f.headers, err = readWebhookHeaders(text, f.stripe); err != nil {
			return err
		}
	}
	body, err := s.webhookBody()
	if err != nil {
		return err
	}
	if err := verify(body); err != nil {
		return refused("the message is not valid: "+err.Error(), webhookHint(err))
	}
	s.say("valid")
	return nil
}

// webhookVerifier reads the secrets, and returns what verifies a body with them.
func (s *session) webhookVerifier(f *webhookVerifyFlags) (func(body []byte) error, error) {
	if f.stripe {
		secrets, err := s.webhookSecrets(f.secretFiles)
		v := webhook.StripeVerifier{Secrets: secrets, Tolerance: f.tolerance}
		return func(body []byte) error { return v.Verify(f.headers.Signature, body, f.at) }, err
	}
	keys, err := s.webhookKeys(f.secretFiles)
	v := webhook.Verifier{Keys: keys, Tolerance: f.tolerance}
	return func(body []byte) error { return v.Verify(f.headers, body, f.at) }, err
}

// webhookHint says what to do about a reason.
func webhookHint(err error) string {
	for _, of := range []struct {
		reason error
		hint   string
	}{
		{webhook.ErrNoSecret, "put whsec_… into the file, as the sender shows it"},
		{webhook.ErrSecretText, "put the secret into the file whole, and nothing else; Stripe's secrets go with --stripe"},
		{webhook.ErrSecretSize, "copy the secret again, whole; keywright webhook secret makes one"},
		{webhook.ErrKeyPair, "copy the private key again, whole"},
		{webhook.ErrPublicKey, "give the private key, whsk_…"},
		{webhook.ErrTooOld, "look at the clocks; --at verifies as of another time"},
		{webhook.ErrTooNew, "look at the clocks; the timestamp is in seconds"},
		{webhook.ErrVersion, "v1 needs a shared secret, v1a a public key; Stripe's messages need --stripe"},
		{webhook.ErrNoMatch, "look whether the secret is of this endpoint, and whether the body is as it came, with every newline"},
		{webhook.ErrStripeHeader, "give the header Stripe-Signature whole; without --stripe for other senders"},
		{webhook.ErrID, "such as msg_1"},
		{webhook.ErrTimestamp, "such as 1614265330"},
	} {
		if errors.Is(err, of.reason) {
			return of.hint
		}
	}
	return "give the headers as they came"
}
