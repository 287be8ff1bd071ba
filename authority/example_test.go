// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// A program that hands out keys of its own: the store in a folder, the authority over it, a key issued and judged.
func Example() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "")
	check(err)
	defer func() { check(os.RemoveAll(folder)) }()

	store, err := sqlite.Open(ctx, folder, sqlite.Options{})
	check(err)
	defer func() { check(store.Close()) }()
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	check(err)
	defer a.Close()

	me := authority.Operator("my program", authority.Origin{})
	issued, err := a.Issue(ctx, me, authority.IssueRequest{Name: "ci", Scopes: []string{"invoices:read"}})
	check(err)
	presented := issued.Key.Reveal() // shown once, to whom it belongs

	verdict, err := a.Verify(ctx, keywright.Ask{Key: keywright.NewSecret(presented), Keyspace: "default"})
	check(err)
	fmt.Println(verdict.Code, verdict.Scopes)

	_, err = a.Revoke(ctx, me, issued.Record.ID, "no longer needed")
	check(err)
	verdict, err = a.Verify(ctx, keywright.Ask{Key: keywright.NewSecret(presented), Keyspace: "default"})
	check(err)
	fmt.Println(verdict.Code)
	// Output:
	// VALID [invoices:read]
	// REVOKED
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
