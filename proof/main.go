// SPDX-License-Identifier: Apache-2.0

// Command proof runs the proofs that are no tests, because they take as long as one likes or measure time:
//
//	go run ./proof crash    kills a process again and again while it issues, rotates, revokes and spends, and checks
//	                        after each restart that nothing it had acknowledged is lost and nothing is half done
//	go run ./proof load     asks a server on loopback, alone and among hostile clients, and compares
//	go run ./proof timing   compares how long refusals of different kinds take, with a control that must differ
//	go run ./proof languages
//	                        compares Go and JavaScript: what either makes, both parse, check, hash and inspect alike
//	go run ./proof cluster  revokes keys on several nodes over PostgreSQL while nodes, network and database fail, and every
//	                        node is asked about every key all the time: none is VALID after its revoke has returned;
//	                        -revocations 1000000 for as many
//	go run ./proof simulate runs several nodes in simulated time from seeds, with every fault that a seed can think of;
//	                        -seeds 100000 for as many
//
// Each ends with 0 if what it proves holds, and prints the seed that repeats a run.
package main

import (
	"fmt"
	"os"

	"github.com/keywright/keywright/proof/cluster"
)

func main() {
	command := ""
	if len(os.Args) > 1 {
		command = os.Args[1]
	}
	var err error
	switch command {
	case "cluster":
		err = cluster.Main(os.Args[2:])
	case "crash":
		err = crash(os.Args[2:])
	case "crash-child":
		err = crashChild(os.Args[2:])
	case "languages":
		err = languages(os.Args[2:])
	case "load":
		err = load(os.Args[2:])
	case "simulate":
		err = simulate(os.Args[2:])
	case "timing":
		err = timing(os.Args[2:])
	default:
		fmt.Fprintln(os.Stderr, "usage: go run ./proof cluster|crash|languages|load|simulate|timing [flags]; -h after one of them lists its flags")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "proof %s: %v\n", command, err)
		os.Exit(1)
	}
}
