// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/keywright/keywright/internal/server"
)

// serveChild serves until standard input ends, and prints the address.
func serveChild(args []string) error {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if args[0] == envoyOurs || args[0] == envoyFloor {
		return serveEnvoy(ctx, l, args[0], args[1])
	}
	if args[0] == "floor" {
		fmt.Println(l.Addr())
		s := &http.Server{Handler: http.HandlerFunc(bare)}
		go func() { <-ctx.Done(); _ = s.Close() }()
		_ = s.Serve(l)
		return nil
	}
	stdout := os.Stdout
	os.Stdout = os.Stderr // what openWarm prints
	opened := openWarm
	if args[0] == "made" {
		opened = serveMade
	}
	a, done, err := opened(ctx, args[1])
	if err != nil {
		return err
	}
	defer done()
	s, err := server.New(server.Options{Authority: a, Drain: 1})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, l.Addr())
	return s.Serve(ctx, l)
}

// ask and answer have the sizes of a verification.
type ask struct {
	Key         string   `json:"key"`
	Keyspace    string   `json:"keyspace"`
	Environment string   `json:"environment"`
	Scopes      []string `json:"scopes"`
}

type answer struct {
	Valid       bool     `json:"valid"`
	Code        string   `json:"code"`
	KeyID       string   `json:"key_id"`
	PublicID    string   `json:"public_id"`
	Keyspace    string   `json:"keyspace"`
	Format      string   `json:"format"`
	Environment string   `json:"environment"`
	Owner       string   `json:"owner"`
	Scopes      []string `json:"scopes"`
}

// bare reads an ask and writes an answer, and judges nothing.
func bare(w http.ResponseWriter, r *http.Request) {
	var q ask
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer{
		Valid: true, Code: "VALID", KeyID: "key_01Kb2mQ9xR4tB3vNq7YkZ1", PublicID: q.Key[13:25], Keyspace: q.Keyspace,
		Format: "secret", Environment: q.Environment, Owner: "team_1234", Scopes: q.Scopes,
	})
}
