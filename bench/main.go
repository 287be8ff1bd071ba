// SPDX-License-Identifier: Apache-2.0

// Command bench measures Keywright beside a floor or a peer that is measured in the same run, in turns, and prints
// ratios: machines are noisy, and figures of different runs are not comparable.
//
//	go run ./bench generate   making keys, beside reading and hashing randomness, Python and npm's prefixed-api-key
//	go run ./bench verify     issuing 1,000,000 keys in bulk, starting over them, judging them in process
//	go run ./bench leaks      how long a report of 1,000 keys takes, of which half are active
//	go run ./bench spend      what two limits add to a verification, and how many credits can be spent a second
//	go run ./bench memory     bytes, start, revoke and rotate with 1,000,000 keys; memory 10000000 1000000: as many in the table and in SQLite
//	go run ./bench http       POST /v1/verify, beside a bare handler: CPU of the server for each request
//	go run ./bench middleware what httpauth adds to a verification in process
//	go run ./bench batch      POST /v1/verify/batch of 100 keys, beside verifications in process
//	go run ./bench forward    a request through nginx whose auth_request asks Keywright, beside one that nginx answers itself
//	go run ./bench extauthz   Check of Envoy over gRPC, beside a bare gRPC handler: CPU of the server for each request
//	go run ./bench import     importing 1,000,000 hashes, beside plain inserts of the same rows into SQLite
//	go run ./bench list       first pages of lists of 1,000,000 keys, beside those of 1,000; list 100000: of as many
//	go run ./bench inspect    guessing what a string is, beside SHA-256 of it
//	go run ./bench signed     verifying a signed key, beside base64 and HMAC-SHA256 of its payload
//
// Without an argument it runs all of them. RESULTS.md beside it keeps what the last run printed.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

var benches = []struct {
	name string
	run  func() error
}{{"generate", generate}, {"verify", verify}, {"memory", memory}, {"spend", spend}, {"http", overHTTP}, {"middleware", middleware}, {"batch", batch}, {"forward", forward}, {"extauthz", overExtAuthz}, {"signed", signedKeys}, {"inspect", inspect}, {"import", importKeys}, {"list", lists}, {"leaks", leaks}}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "serve" { // a child of the http benchmark
		exit(serveChild(os.Args[2:]))
		return
	}
	fmt.Printf("%s, %d cores, %s %s/%s, %s\n", processor(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		time.Now().UTC().Format(time.DateOnly))
	found := false
	for _, b := range benches {
		if len(os.Args) < 2 || os.Args[1] == b.name {
			found = true
			fmt.Printf("\n## %s\n\n", b.name)
			exit(b.run())
		}
	}
	if !found {
		fmt.Fprintln(os.Stderr, "usage: go run ./bench [generate|verify|memory|spend|http|middleware|batch|forward|extauthz|signed|inspect|import|list|leaks]")
		os.Exit(2)
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// processor returns the name of the processor, where the system tells it.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return "unknown processor"
}
