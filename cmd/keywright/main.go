// SPDX-License-Identifier: Apache-2.0

// Keywright makes, verifies, rotates and revokes API keys.
//
//	$ keywright generate --prefix acme      a key, without a server
//	$ keywright serve                       an authority, with an embedded store
//	$ keywright issue --name ci             a key that the authority knows
//	$ keywright verify                      judge a key; it is asked for without echo
//	$ keywright revoke key_…                end it, for everyone at once
//
// Keys go to standard output, alone; everything else goes to standard error. A key is never an argument: it is read
// from standard input, from a prompt without echo, or from a file. Exit codes: 0 done, 1 refused or not valid, 2 wrong
// usage, 3 could not judge.
//
// This package wires the other ones together and holds no rules about keys of its own.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal asks to end, a second one ends at once
	os.Exit(new(Program).Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
