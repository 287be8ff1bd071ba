// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
)

// simulate runs seeds of proof/simulation. Only a test can have time that does not pass by itself, so it runs that one.
func simulate(args []string) error {
	flags := flag.NewFlagSet("simulate", flag.ExitOnError)
	seeds := flags.Uint64("seeds", 300, "how many seeds")
	from := flags.Uint64("from", 1, "the first of them")
	if err := flags.Parse(args); err != nil {
		return err
	}
	test := exec.Command("go", "test", "-count=1", "-v", "-timeout=0", "-run=^TestSeeds$", "github.com/keywright/keywright/proof/simulation",
		fmt.Sprint("-seeds=", *seeds), fmt.Sprint("-from=", *from))
	test.Stdout, test.Stderr = os.Stdout, os.Stderr
	return test.Run()
}
