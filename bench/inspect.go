// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"strings"

	"github.com/keywright/keywright"
)

// inspect guesses what strings are, of all formats and issuers. The floor is SHA-256 of the same strings.
func inspect() error {
	const n = 200_000
	for _, c := range []struct{ what, text string }{
		{"keywright", ""},
		{"public id and check", "st_live_000G40R4_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8_XC86"},
		{"GitHub", "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"},
		{"GitLab", "glpat-AAECAwQFBgcICQoLDA0OD286MQp1OjEH.01.0w0fn2m3b"},
		{"seam", "myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG"},
		{"seam-v4", "mycompany_25RbpSyxVex_Gp6TRzhNvYA5GonfggbvNU"},
		{"letters and digits", "xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n"},
		{"a UUID", "550e8400-e29b-41d4-a716-446655440000"},
		{"words", "hello world, this is some text"},
	} {
		if c.text == "" {
			f, err := keywright.Preset(c.what)
			if err != nil {
				return err
			}
			k, err := keywright.Generate(f)
			if err != nil {
				return err
			}
			c.text = k.Reveal()
		}
		if err := inspectOne(c.what, c.text, n); err != nil {
			return err
		}
	}
	return nil
}

func inspectOne(what, text string, n int) error {
	s := keywright.NewSecret(strings.Clone(text))
	found := 0
	ours := func(n int) {
		for range n {
			found += len(keywright.Inspect(s))
		}
	}
	var keep [32]byte
	floor := func(n int) {
		for range n {
			keep = sha256.Sum256([]byte(text))
		}
	}
	a, b, ratio := inTurns(5, n, wall(), ours, floor)
	runtime.KeepAlive(keep)
	runtime.KeepAlive(found)
	_, err := fmt.Printf("%-20s %5.0f ns; SHA-256 of it %4.0f ns; ratio %s\n", what, a.median(), b.median(), ratio)
	return err
}
