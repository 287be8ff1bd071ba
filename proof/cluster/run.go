// SPDX-License-Identifier: Apache-2.0

// Package cluster proves on real processes that a revocation is true everywhere: several nodes over one PostgreSQL, with
// clients that ask every node about each key all the time, while nodes, network and database fail.
package cluster

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/proof/history"
)

const (
	askersPerNode = 2
	nearShare     = 10              // one right in so many must be seen VALID shortly before its end
	mostQuiet     = 1000            // one verification in so many may get no judgement though nothing fails: the machine has other things to do
	control       = 5 * time.Second // of the same load without a fault, which tells what this machine does by itself
	quietRoom     = 2               // so many times as often as then may verifications get no judgement later
	settle        = 3 * time.Second
	sweepBatch    = 200
)

// A run is one proof.
type run struct {
	out        io.Writer
	cluster    *Cluster
	clients    []*client.Client // one for each node
	law        *history.Law
	watch      watch
	faults     faults
	steady     []*subject
	began      time.Time
	wanted     int64
	revoked    atomic.Int64
	spent      atomic.Int64
	quietShown atomic.Int64
	asking     sync.WaitGroup
	calm       bool        // no faults
	disturbed  atomic.Bool // each fault was done: until then, keys are revoked
	before     silence
	lease      time.Duration
}

// Main runs the proof as args say.
func Main(args []string) error {
	flags := flag.NewFlagSet("cluster", flag.ExitOnError)
	revocations := flags.Int64("revocations", 10_000, "how many keys are revoked at least; and each fault is done at least once")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "chooses acts and faults; the times of a run do not repeat")
	nodes := flags.Int("nodes", 3, "how many nodes")
	workers := flags.Int("workers", 12, "how many clients issue and revoke")
	calm := flags.Bool("calm", false, "without faults")
	lease := flags.Duration("lease", time.Second, "of the nodes; faults last longer with it. A machine that is busy with other things needs a longer one")
	keep := flags.String("logs", "", "copy what the nodes logged into this folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Printf("%d revocations, %d nodes, seed %d\n", *revocations, *nodes, *seed)
	c, err := Start(ctx, Options{Nodes: *nodes, Flags: []string{"--lease", lease.String()}})
	if err != nil {
		return err
	}
	r := &run{out: os.Stdout, cluster: c, law: &history.Law{}, began: time.Now(), wanted: *revocations, calm: *calm, lease: *lease}
	err = r.prove(ctx, rand.New(rand.NewPCG(*seed, 1)), *workers)
	if *keep != "" {
		c.keepLogs(*keep)
	}
	if stopped := c.Stop(); err == nil {
		err = stopped
	}
	return err
}

func (c *Cluster) keepLogs(folder string) {
	for _, n := range c.Nodes {
		if log, err := os.ReadFile(n.Log()); err == nil {
			_ = os.WriteFile(filepath.Join(folder, fmt.Sprintf("node%d.log", n.Index)), log, 0o600)
		}
	}
}

func (r *run) log(format string, args ...any) { fmt.Fprintf(r.out, format+"\n", args...) }

// enough reports whether so many keys were revoked as were asked for.
func (r *run) enough() bool { return r.revoked.Load() >= r.wanted }

// done reports whether no more need be revoked.
func (r *run) done() bool { return r.enough() && (r.calm || r.disturbed.Load()) }

// someNode draws a node, whatever its state.
func (r *run) someNode(dice *rand.Rand) int { return dice.IntN(len(r.cluster.Nodes)) }

func (r *run) prove(ctx context.Context, dice *rand.Rand, workers int) error {
	for _, n := range r.cluster.Nodes {
		c, err := n.Client(r.cluster.Key, actTimeout)
		if err != nil {
			return err
		}
		r.clients = append(r.clients, c)
	}
	if err := r.makeSteady(ctx); err != nil {
		return err
	}
	stopAsking, finish := r.begin(ctx, dice, workers)
	rounds, err := 1, error(nil)
	if !r.calm {
		time.Sleep(control)
		r.before = r.silence()
		r.log("%s without a fault: %d verifications got no judgement, %d did", control, r.before.quiet, r.before.judged)
		rounds, err = r.disturb(ctx, dice)
	}
	r.disturbed.Store(true)
	finish()
	if err == nil {
		time.Sleep(settle) // what ended last is asked about for a while, too
		stopAsking()
		err = r.sweep(ctx)
	}
	stopAsking()
	took := time.Since(r.began)
	sum := r.law.Sum()
	r.log("\n%d keys revoked in %s (%.0f a second), %d rounds of faults; %s; %d credits spent",
		r.revoked.Load(), took.Round(time.Second), float64(r.revoked.Load())/took.Seconds(), rounds, sum, r.spent.Load())
	r.table()
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil && !r.enough():
		return ctx.Err()
	}
	if now := r.silence(); !now.fits(r.before) {
		return fmt.Errorf("%d requests got no judgement though nothing failed that hits their node, of %d; without any fault it were %d of %d",
			now.quiet, now.judged, r.before.quiet, r.before.judged)
	}
	return sum.Err(nearShare)
}

// A silence is how many requests got no judgement though no fault accounts for it, beside how many got one.
type silence struct{ quiet, judged uint64 }

func (r *run) silence() silence {
	sum := r.law.Sum()
	return silence{uint64(r.faults.unexcused()), sum.Valid + sum.Refused}
}

// fits reports whether it is what the machine does by itself, as was seen before the first fault.
func (s silence) fits(before silence) bool {
	room := s.judged / mostQuiet
	if before.judged > 0 {
		room += quietRoom * before.quiet * s.judged / before.judged
	}
	return s.quiet <= room
}

// begin starts all clients. finish waits until those that change something are done; stopAsking ends the rest.
func (r *run) begin(ctx context.Context, dice *rand.Rand, workers int) (stopAsking, finish func()) {
	asking, stop := context.WithCancel(ctx)
	var askers, actors sync.WaitGroup
	draw := func() *rand.Rand { return rand.New(rand.NewPCG(dice.Uint64(), 1)) }
	for _, n := range r.cluster.Nodes {
		for range askersPerNode {
			d := draw()
			askers.Go(func() { r.keepAsking(asking, n, d) })
		}
	}
	for _, keep := range []func(context.Context, *rand.Rand){r.keepPatient, r.keepAging} {
		d := draw()
		askers.Go(func() { keep(asking, d) })
	}
	askers.Go(func() { r.keepTime(asking.Done()) })
	for i := range workers {
		d := draw()
		actors.Go(func() { r.keepLiving(ctx, d, i) })
	}
	d := draw()
	actors.Go(func() { r.keepSpending(ctx, d) })
	return func() { stop(); askers.Wait(); r.asking.Wait() }, actors.Wait
}

func (r *run) keepAging(ctx context.Context, dice *rand.Rand) {
	for ctx.Err() == nil {
		r.watch.age(dice)
		time.Sleep(50 * time.Millisecond)
	}
}

// sweep asks every node once more about everything that is known, and reads the chain: nothing that was acknowledged is
// lost, and nothing that ended is back.
func (r *run) sweep(ctx context.Context) error {
	subjects := append(r.watch.all(), r.steady...)
	for _, n := range r.cluster.Nodes {
		for from := 0; from < len(subjects); from += sweepBatch {
			part := subjects[from:min(from+sweepBatch, len(subjects))]
			if err := r.ask(ctx, n, part); err != nil {
				return fmt.Errorf("node %d at the end: %w", n.Index, err)
			}
		}
	}
	long, err := client.New(client.Options{URL: r.cluster.Nodes[0].URL, ServiceKey: r.cluster.Key, Timeout: 10 * time.Minute, Retries: -1})
	if err != nil {
		return err
	}
	report, err := long.VerifyChain(ctx)
	if err != nil {
		return fmt.Errorf("the chain at the end: %w", err)
	}
	if !report.Whole {
		return fmt.Errorf("the audit chain is broken: %+v", report.Broken)
	}
	return nil
}

// milliseconds prints a duration for the table.
func milliseconds(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return strings.TrimSuffix(d.Round(time.Millisecond).String(), "0s")
}
