// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/proof/cluster"
	"github.com/keywright/keywright/store/postgres"
	"github.com/keywright/keywright/store/sqlite"
)

const (
	receipts    = 300
	stops       = 3
	nodeVerify  = 200_000
	coldVerify  = 300
	nodeTimeout = 30 * time.Second
)

// nodes measures three processes over one PostgreSQL: receipts of revocations, and verifications beside those over SQLite.
func nodes() error {
	ctx := context.Background()
	c, err := cluster.Start(ctx, cluster.Options{Nodes: 3})
	if err != nil {
		return err
	}
	err = measureNodes(ctx, c)
	return errors.Join(err, c.Stop())
}

func measureNodes(ctx context.Context, c *cluster.Cluster) error {
	var clients []*client.Client
	for _, n := range c.Nodes {
		to, err := n.Client(c.Key, nodeTimeout)
		if err != nil {
			return err
		}
		clients = append(clients, to)
	}
	var healthy []time.Duration
	for i := range receipts {
		took, err := receipt(ctx, clients, i%len(clients), clients)
		if err != nil {
			return err
		}
		healthy = append(healthy, took)
	}
	slices.Sort(healthy)
	fmt.Printf("receipt of a revoke, three healthy nodes: p50 %s, p99 %s (aim: p99 at most 50ms)\n",
		round(healthy[len(healthy)/2]), round(healthy[len(healthy)*99/100]))
	if err := stopped(ctx, c, clients); err != nil {
		return err
	}
	return besideSQLite(ctx, c)
}

// receipt issues a key, lets every node have it in mind, and revokes it through one of them.
func receipt(ctx context.Context, clients []*client.Client, through int, warm []*client.Client) (time.Duration, error) {
	issued, err := clients[through].Issue(ctx, api.IssueRequest{}, "")
	if err != nil {
		return 0, err
	}
	for _, c := range warm {
		v, err := c.Verify(ctx, keywright.Ask{Key: issued.Key.Secret, Keyspace: authority.DefaultKeyspace})
		if err != nil || !v.Valid() {
			return 0, fmt.Errorf("%s, %w", v.Code, err)
		}
	}
	begun := time.Now()
	_, err = clients[through].Revoke(ctx, issued.Record.ID, "")
	return time.Since(begun), err
}

// stopped measures the first receipt after a node was stopped, and those that follow.
func stopped(ctx context.Context, c *cluster.Cluster, clients []*client.Client) error {
	last := c.Nodes[len(c.Nodes)-1]
	var first, then time.Duration
	for range stops {
		last.Pause()
		for i := range 5 {
			took, err := receipt(ctx, clients, 0, clients[:2])
			if err != nil {
				return err
			}
			if i == 0 {
				first = max(first, took)
			} else {
				then = max(then, took)
			}
		}
		last.Continue()
		if err := last.WaitReady(ctx, nodeTimeout); err != nil {
			return err
		}
		time.Sleep(authority.DefaultLease)
	}
	fmt.Printf("with one node stopped (SIGSTOP): the first at most %s (aim: the lease of %s and 100ms), the next at most %s\n",
		round(first), authority.DefaultLease, round(then))
	return nil
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

// besideSQLite judges the same keys in process, as a further node and over SQLite.
func besideSQLite(ctx context.Context, c *cluster.Cluster) error {
	shared, err := postgres.Open(ctx, c.DatabaseURL(), postgres.Options{Holder: "bench", Shared: true, Existing: true})
	if err != nil {
		return err
	}
	defer shared.Close()
	alone, err := sqlite.OpenMemory(ctx)
	if err != nil {
		return err
	}
	defer alone.Close()
	over, cold, end, err := judgedOver(ctx, shared)
	if err != nil {
		return err
	}
	defer end()
	floor, _, endFloor, err := judgedOver(ctx, alone)
	if err != nil {
		return err
	}
	defer endFloor()
	_, _, ratio := inTurns(9, nodeVerify, wall(), over, floor)
	fmt.Printf("warm verification in process, over PostgreSQL beside SQLite: %s times as long (aim: the same)\n", ratio)
	fmt.Printf("cold verification of a key that another node has made: p50 %s, a point lookup\n", round(cold))
	return nil
}

// judgedOver opens an authority over a store and returns what judges n times, and how long a first verification takes.
func judgedOver(ctx context.Context, store authority.Store) (again func(n int), cold time.Duration, end func(), err error) {
	open := func() (*authority.Authority, error) {
		return authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	}
	maker, err := open()
	if err != nil {
		return nil, 0, nil, err
	}
	a, end := maker, maker.Close
	if _, several := store.(authority.Cluster); several {
		if a, err = open(); err != nil {
			return nil, 0, nil, errors.Join(err, store.Close())
		}
		end = func() { a.Close(); maker.Close() }
	}
	var keys []keywright.Secret
	var first []time.Duration
	for range coldVerify {
		issued, err := maker.Issue(ctx, authority.Operator("bench", authority.Origin{}), authority.IssueRequest{})
		if err != nil {
			return nil, 0, nil, err
		}
		begun := time.Now()
		if _, err := a.Verify(ctx, keywright.Ask{Key: issued.Key, Keyspace: authority.DefaultKeyspace}); err != nil {
			return nil, 0, nil, err
		}
		first, keys = append(first, time.Since(begun)), append(keys, issued.Key)
	}
	slices.Sort(first)
	return func(n int) {
		for i := range n {
			v, err := a.Verify(ctx, keywright.Ask{Key: keys[i%len(keys)], Keyspace: authority.DefaultKeyspace})
			if err != nil || !v.Valid() {
				exit(fmt.Errorf("%s, %w", v.Code, err))
			}
		}
	}, first[len(first)/2], end, nil
}
