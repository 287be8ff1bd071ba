// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
)

type inspectFlags struct{ preset, keyFile, output string }

func (s *session) inspectCommand() *cobra.Command {
	var f inspectFlags
	cmd := &cobra.Command{
		Use:   "inspect",
		Short: "Tell what kind of key this is",
		Long: `Tell what kind of key this is: who issues it, whether it is whole, its strength and storage hash.

It knows the keys of GitHub, Stripe and others too, what they open and where to revoke them. The key is read on this
machine, sent nowhere and never shown. With --preset it asks about one kind, and says what is wrong where the key is
not of it. Whether a key is valid only its server knows.`,
		Example: `  keywright inspect                        (paste; no echo)
  keywright inspect --key-file key.txt
  printf %s "$ACME_API_KEY" | keywright inspect --preset seam
  keywright inspect --output json < key.txt`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.inspect(cmd.Context(), f) },
	}
	choice(cmd, &f.preset, "preset", "", "ask about the format or issuer `NAME` alone", append(keywright.Presets(), keywright.Issuers()...)...)
	keyFileFlag(cmd.Flags(), &f.keyFile)
	outputFlag(cmd, &f.output)
	return cmd
}

// A candidate is one kind that a key can be, as programs see it.
type candidate struct {
	Preset      string  `json:"preset"`
	Issuer      string  `json:"issuer"`
	Prefix      string  `json:"prefix"`
	Environment string  `json:"environment"`
	PublicID    string  `json:"public_id"`
	Checksum    string  `json:"checksum"`
	EntropyBits float64 `json:"entropy_bits"`
	StorageHash string  `json:"storage_hash"`
	Masked      string  `json:"secret_masked"`
	Kind        string  `json:"kind"`
	Opens       string  `json:"opens"`
	Revoke      string  `json:"revoke"`
}

var candidateColumns = []column[candidate]{
	{"preset", func(c candidate) string { return c.Preset }},
	{"issuer", func(c candidate) string { return c.Issuer }},
	{"prefix", func(c candidate) string { return c.Prefix }},
	{"environment", func(c candidate) string { return c.Environment }},
	{"public_id", func(c candidate) string { return c.PublicID }},
	{"checksum", func(c candidate) string { return c.Checksum }},
	{"entropy_bits", func(c candidate) string { return number(c.EntropyBits) }},
	{"storage_hash", func(c candidate) string { return c.StorageHash }},
	{"secret_masked", func(c candidate) string { return c.Masked }},
	{"kind", func(c candidate) string { return c.Kind }},
	{"opens", func(c candidate) string { return c.Opens }},
	{"revoke", func(c candidate) string { return c.Revoke }},
}

func newCandidate(c keywright.Candidate) candidate {
	return candidate{
		Preset: c.Preset, Issuer: c.Issuer, Prefix: c.Prefix, Environment: c.Environment, PublicID: c.PublicID,
		Checksum: c.Checksum.String(), EntropyBits: rounded(c.EntropyBits), StorageHash: c.StorageHash.String(), Masked: c.Masked,
		Kind: c.Kind, Opens: c.Opens, Revoke: c.Revoke,
	}
}

func (s *session) inspect(ctx context.Context, f inspectFlags) error {
	key, err := s.readKey(ctx, f.keyFile)
	if err != nil {
		return err
	}
	found, verdict := inspectKey(key, f.preset)
	if err := s.showCandidates(found, f.output); err != nil {
		return err
	}
	return verdict
}

// inspectKey returns what a key can be, and the failure where that is nothing or is damaged.
func inspectKey(key keywright.Secret, preset string) ([]keywright.Candidate, error) {
	if preset == "" {
		found := keywright.Inspect(key)
		if len(found) == 0 {
			return nil, refused("this is no kind of key that is known", "ask about one kind with --preset to hear what is wrong")
		}
		return found, damaged(found[0])
	}
	c, err := keywright.InspectAs(key, preset)
	if err != nil {
		problem := err.Error()
		if strings.HasPrefix(problem, "key ") {
			problem = "this " + problem
		}
		return nil, refused(problem, "without --preset it says what kind of key this can be")
	}
	return []keywright.Candidate{c}, damaged(c)
}

func damaged(c keywright.Candidate) error {
	if !c.Damaged() {
		return nil
	}
	return refused("the checksum is wrong: a character was mistyped, or the key was cut off", "copy the key again, whole")
}

func (s *session) showCandidates(found []keywright.Candidate, form string) error {
	if form != asText {
		r := newRows(s.stdout, form, candidateColumns)
		for _, c := range found {
			if err := r.add(newCandidate(c)); err != nil {
				return err
			}
		}
		return r.end()
	}
	colour := s.colours(s.stdout)
	for i, c := range found {
		lead := "\nor "
		if i == 0 {
			lead = ""
		}
		if _, err := fmt.Fprintf(s.stdout, "%s%s  %s\n", lead, colour.heading(c.Preset), colour.dim(certaintyText(c))); err != nil {
			return err
		}
		if err := candidateDetails(c).write(s.stdout, "  ", colour); err != nil {
			return err
		}
	}
	return nil
}

func certaintyText(c keywright.Candidate) string {
	why := map[keywright.Certainty]string{
		keywright.ByChecksum: "its checksum says so",
		keywright.ByPrefix:   "its prefix says so",
		keywright.ByShape:    "its shape says so",
		keywright.ByGuess:    "a guess: nothing contradicts it",
	}[c.Certainty]
	switch {
	case c.Issuer != "":
		return c.Kind + " of " + c.Issuer + "; " + why
	case c.Kind != "":
		return c.Kind + "; " + why
	}
	return why
}

func candidateDetails(c keywright.Candidate) details {
	var d details
	d.add("prefix", c.Prefix)
	d.add("environment", c.Environment)
	d.add("public id", c.PublicID)
	d.add("key", c.Masked)
	checksum := c.Checksum.String()
	switch {
	case c.Checksum == keywright.ChecksumNone && c.Issuer != "":
		checksum = "none that is known"
	case c.Checksum == keywright.ChecksumNone:
		checksum = "none: this format has no checksum"
	case c.Checksum == keywright.ChecksumWrong && !c.Damaged():
		checksum = "does not fit, which proves nothing: its rule is not published"
	}
	d.add("checksum", checksum)
	d.add("opens", c.Opens)
	d.add("revoke at", c.Revoke)
	d.add("entropy", fmt.Sprintf("%s, %s", bitsText(c.EntropyBits), c.Strength))
	covers := map[keywright.Cover]string{
		keywright.CoverFull: "the whole key", keywright.CoverSecret: "the secret alone", keywright.CoverBytes: "the bytes of the secret",
	}[c.Format.Hash]
	d.add("storage hash", c.StorageHash.String())
	d.add("it covers", covers)
	return d
}
