// SPDX-License-Identifier: Apache-2.0

package api

import "time"

// A Node is one process that serves a store.
type Node struct {
	ID         string    `json:"id" example:"node_9f86d081884c7d659a2feaa0c55ad015"`
	Name       string    `json:"name" doc:"Of the machine, or as --node-name says."`
	Version    string    `json:"version"`
	Address    string    `json:"address" doc:"Where it listens."`
	StartedAt  time.Time `json:"started_at"`
	SeenAt     time.Time `json:"seen_at" doc:"When it renewed its lease last, by the clock of the database."`
	LeaseUntil time.Time `json:"lease_until,omitzero" doc:"Absent where the store has one node, which needs none."`
	State      string    `json:"state" enum:"ready,behind,lost" doc:"behind: it renews, and has confirmed less of the audit chain than there is; lost: it has not renewed in time, and judges nothing until it does."`
	Sequence   uint64    `json:"sequence" doc:"The event up to which it has confirmed the audit chain."`
	Lag        uint64    `json:"lag" doc:"Events that it has not confirmed."`
	This       bool      `json:"this" doc:"It gave this answer."`
}

// A NodeList lists the nodes that serve a store, the oldest first.
type NodeList struct {
	Nodes    []Node `json:"nodes" nullable:"false"`
	Sequence uint64 `json:"sequence" doc:"Of the last event of the audit chain."`
	Lease    string `json:"lease,omitempty" doc:"How long this node judges without word from the database; absent where the store has one node." example:"1s"`
}
