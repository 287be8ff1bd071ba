// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/keywright/keywright/api"
)

const (
	calmAtLeast = 500 * time.Millisecond // between two faults
	mostBack    = 30 * time.Second       // until nodes judge again by themselves, after a fault
)

// A fault is done to one node, or to all of them. What it returns mends it.
type fault struct {
	kind string
	all  bool
	do   func(r *run, dice *rand.Rand, n *Node) (mend func() error)
}

// between draws a duration, in thousandths of the lease.
func (r *run) between(dice *rand.Rand, from, to int) time.Duration {
	return time.Duration(from+dice.IntN(to-from)) * r.lease / 1000
}

func after(d time.Duration, mend func()) func() error {
	return func() error {
		time.Sleep(d)
		mend()
		return nil
	}
}

// kinds are all faults.
var kinds = []fault{
	{kind: "killed (SIGKILL), and started again", do: func(r *run, dice *rand.Rand, n *Node) func() error {
		n.Kill()
		return func() error {
			time.Sleep(r.between(dice, 0, 1500))
			return n.Start()
		}
	}},
	{kind: "stopped (SIGSTOP) for longer than its lease, and continued", do: func(r *run, dice *rand.Rand, n *Node) func() error {
		n.Pause()
		return after(r.between(dice, 1200, 3500), n.Continue)
	}},
	{kind: "stopped for less than its lease, and continued", do: func(r *run, dice *rand.Rand, n *Node) func() error {
		n.Pause()
		return after(r.between(dice, 300, 1000), n.Continue)
	}},
	{kind: "its connections to PostgreSQL are cut, and new ones refused", do: func(r *run, dice *rand.Rand, n *Node) func() error {
		n.network.setCut(true)
		return after(r.between(dice, 500, 3500), func() { n.network.setCut(false) })
	}},
	{kind: "the network to PostgreSQL drops everything", do: func(r *run, dice *rand.Rand, n *Node) func() error {
		n.network.setHeld(true)
		return after(r.between(dice, 500, 3500), func() { n.network.setHeld(false) })
	}},
	{kind: "the network to PostgreSQL delays by 10 to 500 ms", do: func(r *run, dice *rand.Rand, n *Node) func() error {
		n.network.setDelay(func() time.Duration { return time.Duration(10+rand.IntN(490)) * time.Millisecond })
		return after(r.between(dice, 1500, 4000), func() { n.network.setDelay(nil) })
	}},
	{kind: "notices of PostgreSQL are lost", do: func(r *run, dice *rand.Rand, n *Node) func() error {
		n.network.setDeaf(true)
		return after(r.between(dice, 1500, 3000), func() { n.network.setDeaf(false) })
	}},
	{kind: "PostgreSQL is restarted (immediate)", all: true, do: func(r *run, dice *rand.Rand, _ *Node) func() error {
		r.cluster.Database.Kill()
		return func() error {
			time.Sleep(r.between(dice, 0, 1500))
			return r.cluster.Database.Resume()
		}
	}},
	{kind: "every connection is ended by PostgreSQL", all: true, do: func(r *run, _ *rand.Rand, _ *Node) func() error {
		return func() error {
			return r.cluster.Database.Execute(context.Background(), "postgres",
				"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database)
		}
	}},
	{kind: "ended in good order (SIGINT), and started again", do: func(_ *run, _ *rand.Rand, n *Node) func() error {
		n.End()
		return n.Start
	}},
}

// disturb does one fault after another, each kind once in a round, until ctx ends. It returns how many rounds were done.
func (r *run) disturb(ctx context.Context, dice *rand.Rand) (rounds int, err error) {
	for ; ; rounds++ {
		for _, i := range dice.Perm(len(kinds)) {
			time.Sleep(calmAtLeast + r.between(dice, 0, 700))
			if ctx.Err() != nil || r.enough() && rounds > 0 {
				return rounds, nil
			}
			if err := r.fault(dice, kinds[i]); err != nil {
				return rounds, fmt.Errorf("%s: %w", kinds[i].kind, err)
			}
		}
	}
}

// fault does one fault and waits until the nodes that it hit judge again.
func (r *run) fault(dice *rand.Rand, f fault) error {
	n := r.cluster.Nodes[dice.IntN(len(r.cluster.Nodes))]
	nodes := make([]bool, len(r.cluster.Nodes))
	for i := range nodes {
		nodes[i] = f.all || i == n.Index
	}
	r.log("%8s  %s: node %d", time.Since(r.began).Round(time.Millisecond), f.kind, n.Index)
	w := r.faults.begin(f.kind, nodes)
	defer r.faults.end(w)
	mend := f.do(r, dice, n)
	if err := mend(); err != nil {
		return err
	}
	mended := time.Now()
	w.held = mended.Sub(w.began)
	var all sync.WaitGroup
	for i, hit := range nodes {
		if hit {
			all.Go(func() { r.untilBack(r.cluster.Nodes[i]) })
		}
	}
	all.Wait()
	r.faults.back(w, mended)
	return nil
}

// untilBack waits until a node has judged for longer than the lease that it may have had since before the fault.
func (r *run) untilBack(n *Node) {
	began := time.Now()
	for good := began; time.Since(good) < r.lease+r.lease/4; time.Sleep(5 * time.Millisecond) {
		if err := r.askOnce(n, r.steady[0], 2*time.Second); err != nil {
			good = time.Now()
		}
		if time.Since(began) > mostBack+5*r.lease {
			r.law.Breach("node %d does not judge again by itself, %s after the fault: %s", n.Index, time.Since(began), n.lastWords())
			return
		}
	}
}

// askOnce asks a node about one right that nobody takes away.
func (r *run) askOnce(n *Node, s *subject, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return r.ask(ctx, n, []*subject{s})
}

// keepPatient is a client as it should be: it asks another node where one does not judge. It is never refused, unless
// what fails is PostgreSQL.
func (r *run) keepPatient(ctx context.Context, dice *rand.Rand) {
	for n := dice.IntN(10); ctx.Err() == nil; n++ {
		began := time.Now()
		err := r.anyNode(n)
		if took := time.Since(began); err == nil {
			r.faults.retried(took)
		} else if !r.faults.excuseAll(began, time.Now()) {
			r.trouble(n%len(r.cluster.Nodes), began, time.Now(), "a client that asked every node", err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (r *run) anyNode(first int) (err error) {
	for try := range len(r.cluster.Nodes) {
		node := r.cluster.Nodes[(first+try)%len(r.cluster.Nodes)]
		if err = r.askOnce(node, r.steady[first%len(r.steady)], time.Second); err == nil {
			return nil
		}
	}
	return err
}

// excuseAll reports whether a fault hit all nodes at that time.
func (f *faults) excuseAll(began, ended time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.windows, func(w *window) bool {
		return !slices.Contains(w.nodes, false) && w.overlaps(began, ended, f.stall)
	})
}

// makeSteady issues keys that are never taken away.
func (r *run) makeSteady(ctx context.Context) error {
	for i := range 8 {
		issued, err := r.clients[i%len(r.clients)].Issue(ctx, api.IssueRequest{Name: "steady"}, "")
		if err != nil {
			return err
		}
		r.steady = append(r.steady, newSubject(r.law, "a key that is never taken away", time.Now(), len(r.clients), api.VerifyRequest{Key: issued.Key}))
	}
	return nil
}
