// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"slices"
	"time"
)

// A measure is what was measured over all faults of a kind.
type measure struct {
	times, errors                        int
	held, after, until, back, patientest time.Duration
	receipts                             []time.Duration
}

func (m *measure) add(w *window) {
	m.times++
	m.errors += w.errors
	m.held = max(m.held, w.held)
	m.back = max(m.back, w.back)
	m.patientest = max(m.patientest, w.slowest)
	m.receipts = append(m.receipts, w.receipts...)
	if !w.firstError.IsZero() {
		if first := w.firstError.Sub(w.began); m.after == 0 || first < m.after {
			m.after = first
		}
		m.until = max(m.until, w.lastError.Sub(w.firstError))
	}
}

// at returns the receipt that so many in a hundred do not exceed.
func at(sorted []time.Duration, per int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)-1)*per/100]
}

// table prints what clients have seen of each fault, as Markdown.
func (r *run) table() {
	f := &r.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	of := map[string]*measure{noFault: {}}
	order := []string{noFault}
	f.calm.kind, f.calm.errors = noFault, f.quiet
	for _, w := range append([]*window{&f.calm}, f.windows...) {
		if of[w.kind] == nil {
			of[w.kind] = &measure{}
			order = append(order, w.kind)
		}
		of[w.kind].add(w)
	}
	slices.Sort(order[1:])
	r.log("\n| fault | times | lasted up to | 503 or no answer from the nodes it hit | for up to | judges again, after its end, within | slowest client that asks another node | receipt p50 | p99 | longest | lost or revived |")
	r.log("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, kind := range order {
		m := of[kind]
		slices.Sort(m.receipts)
		r.log("| %s | %s | %s | %d | %s | %s | %s | %s | %s | %s | 0 |", kind, count(kind, m.times), milliseconds(m.held), m.errors,
			milliseconds(m.until), milliseconds(m.back), milliseconds(m.patientest),
			milliseconds(at(m.receipts, 50)), milliseconds(at(m.receipts, 99)), milliseconds(at(m.receipts, 100)))
	}
}

func count(kind string, times int) string {
	if kind == noFault {
		return ""
	}
	return fmt.Sprint(times)
}
