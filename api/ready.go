// SPDX-License-Identifier: Apache-2.0

package api

// Ready says that requests should be sent here. Where they should not, the answer is a Problem with the same checks.
type Ready struct {
	Ready  bool         `json:"ready" doc:"Always true."`
	Checks []ReadyCheck `json:"checks" nullable:"false" doc:"What was looked at."`
}

// A ReadyCheck is one of the things without which requests should not be sent to a server.
type ReadyCheck struct {
	Name   string `json:"name" doc:"draining: the server is not about to stop. frozen: the store was not restored without its revocations. lease: the store is this server's. store: it answers. table: keys that are not in memory can be asked for." example:"store"`
	OK     bool   `json:"ok" doc:"Whether it passes."`
	Reason string `json:"reason,omitempty" doc:"Why it does not, or what else is to be known." example:"the store cannot answer"`
}
