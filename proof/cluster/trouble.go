// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/keywright/keywright/api"
)

const (
	slack      = 300 * time.Millisecond // of what is told and done at about the end of a fault, besides the longest stall of the machine
	pauseTick  = 5 * time.Millisecond
	longPause  = 250 * time.Millisecond // from which on the machine had no time for us, nor for the nodes
	noFault    = "none"
	machineOut = "the machine had no time for the proof"
)

// A window is one fault, from its beginning until the nodes that it hit judge again.
type window struct {
	kind       string
	nodes      []bool // that it hits
	began      time.Time
	ended      time.Time // zero: it has not
	errors     int
	firstError time.Time
	lastError  time.Time
	held       time.Duration // how long the fault itself was
	back       time.Duration // from its end until the nodes judged again
	receipts   []time.Duration
	slowest    time.Duration // of good requests that were sent again to other nodes
}

func (w *window) overlaps(began, ended time.Time, stall time.Duration) bool {
	return !ended.Before(w.began) && (w.ended.IsZero() || !began.After(w.ended.Add(slack+stall)))
}

// Faults are the windows so far.
type faults struct {
	mu      sync.Mutex
	windows []*window
	open    *window
	calm    window        // what was measured without a fault
	quiet   int           // errors for which no window accounts
	stall   time.Duration // the longest in which the machine had no time for the proof
}

func (f *faults) begin(kind string, nodes []bool) *window {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := &window{kind: kind, nodes: nodes, began: time.Now()}
	f.windows = append(f.windows, w)
	f.open = w
	return w
}

func (f *faults) end(w *window) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.ended = time.Now()
	f.open = nil
}

// stalled notes for how long the machine had no time for the proof.
func (f *faults) stalled(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stall = max(f.stall, d)
}

// paused notes that the machine had no time for the proof since a moment.
func (f *faults) paused(since time.Time, nodes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.windows = append(f.windows, &window{kind: machineOut, nodes: slices.Repeat([]bool{true}, nodes), began: since, ended: time.Now()})
}

// back notes how long after its end a fault was still felt.
func (f *faults) back(w *window, mended time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.back = max(w.lastError.Sub(mended), 0)
	if w.lastError.IsZero() {
		w.back = 0
	}
}

// hit reports whether a fault that is open hits a node.
func (f *faults) hit(node int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open != nil && f.open.nodes[node]
}

// excuse finds the fault that accounts for an error of a node, and counts it there.
func (f *faults) excuse(node int, began, ended time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range slices.Backward(f.windows) {
		if w.nodes[node] && w.overlaps(began, ended, f.stall) {
			w.errors++
			if w.firstError.IsZero() {
				w.firstError = ended
			}
			w.lastError = ended
			return true
		}
	}
	f.quiet++
	return false
}

// now returns what is measured into at this time.
func (f *faults) now() *window {
	if f.open != nil {
		return f.open
	}
	return &f.calm
}

func (f *faults) receipt(took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.now()
	w.receipts = append(w.receipts, took)
}

func (f *faults) retried(took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.now()
	w.slowest = max(w.slowest, took)
}

// trouble is told of a good request that got no judgement. While a fault hits the node, that is as it should be, unless
// the answer blames the client.
func (r *run) trouble(node int, began, ended time.Time, what string, err error) {
	var answer *statusError
	var problem *api.Problem
	status := 0
	if errors.As(err, &answer) {
		status = answer.status
	} else if errors.As(err, &problem) {
		status = problem.Status
	}
	if status >= 400 && status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests {
		r.law.Breach("node %d: %s was answered by %d: %v", node, what, status, err)
		return
	}
	if !r.faults.excuse(node, began, ended) && r.quietShown.Add(1) <= mostShown {
		r.log("%8s  node %d: %s got no judgement, and no fault accounts for it (it took %s): %v",
			time.Since(r.began).Round(time.Millisecond), node, what, ended.Sub(began).Round(time.Millisecond), err)
	}
}

const mostShown = 10

// unexcused returns how many requests got no judgement without a fault.
func (f *faults) unexcused() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.quiet
}

// keepTime notes when the machine has no time for the proof.
func (r *run) keepTime(done <-chan struct{}) {
	last := time.Now()
	for {
		select {
		case <-done:
			return
		case <-time.After(pauseTick):
		}
		now := time.Now()
		r.faults.stalled(now.Sub(last) - pauseTick)
		if now.Sub(last) > longPause {
			r.faults.paused(last, len(r.cluster.Nodes))
		}
		last = time.Now()
	}
}
