// SPDX-License-Identifier: Apache-2.0

// Check reads deployment files as strictly as those who will read them in earnest: Compose by the library of Docker Compose,
// Kubernetes by the types of its API, and a Containerfile by the parser of BuildKit with its lint. It is a module of its own,
// so that Keywright does not depend on any of these.
//
//	go run . compose.yaml keywright.yaml Containerfile
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	failed := false
	for _, path := range os.Args[1:] {
		check := kubernetes
		switch filepath.Base(path) {
		case "compose.yaml":
			check = compose
		case "Containerfile":
			check = containerfile
		}
		if err := check(path); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}
