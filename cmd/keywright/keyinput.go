// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/keywright/keywright"
)

// maxKeyInput is far beyond any key, and little enough to be read from whatever is given by mistake.
const maxKeyInput = 64 << 10

const keyInputHint = "give it on standard input, at the prompt, or with --key-file"

func keyFileFlag(flags *pflag.FlagSet, file *string) {
	flags.StringVar(file, "key-file", "", "read the key from `FILE`")
}

// readKey reads a key from a file, from a prompt without echo, or from standard input. One newline at its end is not
// part of it.
func (s *session) readKey(ctx context.Context, file string) (keywright.Secret, error) {
	var text string
	var err error
	if fd, ok := terminal(s.stdin); file == "" && ok {
		text, err = s.prompt(ctx, fd, "key: ")
		if errors.Is(err, io.EOF) {
			text, err = "", nil
		}
	} else {
		text, err = s.readKeyText(file)
	}
	if err != nil {
		return keywright.Secret{}, err
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	switch {
	case text == "":
		return keywright.Secret{}, misused("no key was given", keyInputHint)
	case strings.ContainsAny(text, "\r\n"):
		return keywright.Secret{}, misused("more than one line was given", "give one key, alone")
	}
	return keywright.NewSecret(text), nil
}

func (s *session) readKeyText(file string) (string, error) {
	from := s.stdin
	if file != "" {
		f, err := openKeyFile(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, maxKeyInput+1))
	switch {
	case err != nil:
		return "", unknowable("the key could not be read", keyInputHint, err)
	case len(text) > maxKeyInput:
		return "", misused("what was given is far longer than a key", "give one key, alone")
	}
	return string(text), nil
}

func openKeyFile(file string) (*os.File, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, misused("the key file cannot be read: "+plainPathError(err), "name a file that holds the key and nothing else")
	}
	return f, nil
}

// plainPathError leaves the system call out.
func plainPathError(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Path + ": " + p.Err.Error()
	}
	return err.Error()
}
