// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// noEnvironment is the label for keys without that segment.
const noEnvironment = "none"

// formatFlags describe a format: a preset, and what differs from it.
type formatFlags struct {
	preset, prefix, env    string
	encoding, separator    string
	bytes, length, idBytes int
	noChecksum             bool
	shape                  string
	changed                func(string) bool
}

func addFormatFlags(cmd *cobra.Command, f *formatFlags) {
	presets := slices.DeleteFunc(keywright.Presets(), func(name string) bool { return name == "opaque" })
	flags := cmd.Flags()
	choice(cmd, &f.preset, "preset", keywright.DefaultPreset, "start from the format `NAME`: "+strings.Join(presets, ", "), keywright.Presets()...)
	flags.StringVar(&f.prefix, "prefix", "", "begin keys with `LABEL`, such as acme (default: as the preset does)")
	choice(cmd, &f.encoding, "encoding", "", "write the secret in the alphabet `NAME`: base62, base58, base55, base64url, base64, hex or crockford",
		"base62", "base58", "base55", "base64url", "base64", "hex", "crockford")
	flags.IntVar(&f.bytes, "bytes", 0, "give the secret `N` bytes of entropy")
	flags.IntVar(&f.length, "length", 0, "give the secret `N` characters, instead of --bytes")
	flags.IntVar(&f.idBytes, "id-bytes", 0, "give the public id `N` bytes; 0 leaves it out")
	choice(cmd, &f.separator, "separator", "", "put `CHARACTER` between segments: _ - . : or ~", "_", "-", ".", ":", "~")
	flags.BoolVar(&f.noChecksum, "no-checksum", false, "leave the checksum out")
	choice(cmd, &f.shape, "shape", "", "write keys as `SHAPE`: public-id, prefix (no public id) or secret-only",
		string(keywright.ShapePublicID), string(keywright.ShapePrefix), string(keywright.ShapeSecretOnly))
	f.changed = flags.Changed
}

// addEnvFlag adds the label that keys of one format carry.
func addEnvFlag(flags *pflag.FlagSet, f *formatFlags) {
	flags.StringVar(&f.env, "env", "", "name the environment `LABEL`: live, test, staging, dev, one of your own, or none")
}

// format returns the format that the flags describe.
func (f *formatFlags) format() (keywright.Format, error) {
	format, err := keywright.Preset(f.preset)
	if err != nil {
		return format, err
	}
	if f.shape != "" {
		if format, err = format.Shaped(keywright.Shape(f.shape)); err != nil {
			return format, err
		}
		if err := f.checkShape(); err != nil {
			return format, err
		}
	}
	if f.changed("prefix") {
		format.Prefix = f.prefix
	}
	switch {
	case f.env == noEnvironment:
		format.Environment = ""
	case f.changed("env"):
		if format.Environment, err = keywright.Environment(f.env); err != nil {
			return format, err
		}
	}
	if f.separator != "" {
		format.Separator = f.separator
	}
	if f.noChecksum {
		format.Checksum = keywright.NoChecksum
	}
	if err := f.size(&format); err != nil {
		return format, err
	}
	return format.Normalize()
}

func (f *formatFlags) checkShape() error {
	secretOnly := f.shape == string(keywright.ShapeSecretOnly)
	for _, flag := range []string{"prefix", "env", "separator"} {
		if secretOnly && f.changed(flag) && !(flag == "env" && f.env == noEnvironment) {
			return misused("--"+flag+" is not possible with --shape secret-only", "such keys have no labels: leave one of the two out")
		}
	}
	if f.shape != string(keywright.ShapePublicID) && f.changed("id-bytes") && f.idBytes > 0 {
		return misused("--id-bytes is not possible with --shape "+f.shape, "such keys have no public id: leave one of the two out")
	}
	return nil
}

// size sets how large the segments are. In another alphabet a secret keeps its entropy, unless a size is given.
func (f *formatFlags) size(format *keywright.Format) error {
	if f.changed("bytes") && f.changed("length") {
		return misused("--bytes stands beside --length", "give one of them")
	}
	secret := &format.Secret
	if f.encoding != "" {
		encoding, err := keywright.ParseEncoding(f.encoding)
		if err != nil {
			return misused("--encoding is not known", err.Error())
		}
		if encoding != secret.Encoding {
			*secret = keywright.Part{Encoding: encoding, Bytes: int(secret.Bits()) / 8}
		}
	}
	switch {
	case f.changed("bytes"):
		if f.bytes < 1 {
			return misused("--bytes is not a size", "32 bytes are 256 bits")
		}
		*secret = keywright.Part{Encoding: secret.Encoding, Bytes: f.bytes}
	case f.changed("length"):
		if f.length < 1 {
			return misused("--length is not a size", "32 characters of base62 are 190 bits")
		}
		*secret = keywright.Part{Encoding: secret.Encoding, Chars: f.length}
	}
	switch {
	case !f.changed("id-bytes"):
	case f.idBytes == 0:
		format.ID = keywright.Part{}
	case f.idBytes < 0 || format.ID.None():
		return misused("--id-bytes is not possible with this format", "its keys have no public id; --shape public-id gives them one")
	default:
		format.ID = keywright.Part{Encoding: format.ID.Encoding, Bytes: f.idBytes}
	}
	return nil
}

// formatFailure says which flag a problem of a format is about.
func formatFailure(e *keywright.FormatError) *failure {
	flag := map[string]string{
		"prefix": "--prefix", "environment": "--env", "separator": "--separator", "secret": "the secret", "id": "the public id",
		"checksum": "the checksum", "preset": "--preset", "shape": "--shape",
	}[e.Field]
	hint := e.Hint
	switch {
	case flag == "":
		flag = e.Field
	case e.Field == "checksum":
		hint += " (--no-checksum)"
	case e.Field == "secret":
		hint += " (--bytes or --length)"
	case e.Field == "id":
		hint += " (--id-bytes or --shape)"
	}
	return &failure{code: api.ExitUsage, problem: flag + " " + e.Problem, hint: hint}
}
