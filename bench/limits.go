// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
	"github.com/keywright/keywright/internal/redistest"
	"github.com/keywright/keywright/limit/postgreslimit"
	"github.com/keywright/keywright/limit/redislimit"
	"github.com/keywright/keywright/store/sqlite"
)

const (
	limitTime  = 2 * time.Second
	floorGroup = 16 // commands in one round trip of the floor, and four of those at a time: as many as there are clients
)

// limits measures verifications whose limits are in memory, in Redis and in PostgreSQL, beside the least that a server of each
// kind can be asked: an INCR, and an UPDATE of one row.
func limits() error {
	if code := postgrestest.Run(limitBench{}); code != 0 {
		return fmt.Errorf("the benchmark of limits ended with %d", code)
	}
	return nil
}

// limitBench is what runs while there are servers.
type limitBench struct{}

// Run gets a testing.B, by which servers of tests are started and stopped.
func (limitBench) Run() int {
	result := testing.Benchmark(func(b *testing.B) {
		if b.N == 1 { // it takes longer than a benchmark has to, so there is no second time
			measureLimits(b)
		}
	})
	if result.N == 0 {
		return 1
	}
	return 0
}

func measureLimits(b *testing.B) {
	server := redistest.Start(b)
	url := postgrestest.Database(b)
	postgrestest.Execute(b, url, "CREATE SCHEMA keywright")
	inRedis, err := redislimit.Open(server.URL(), redislimit.Options{})
	exit(err)
	defer inRedis.Close()
	inPostgres, err := postgreslimit.Open(url, postgreslimit.Options{})
	exit(err)
	defer inPostgres.Close()
	fmt.Printf("%d clients, %d keys with one limit; processor time of this process alone\n\n", spendersBusy, spendKeys)
	verifyLimited("in memory", nil)
	redisRate := verifyLimited("in Redis", inRedis)
	floor := floorRedis(server.URL())
	fmt.Printf("ratio to the floor of Redis: %.2f\n\n", redisRate/floor)
	postgresRate := verifyLimited("in PostgreSQL", inPostgres)
	floor = floorPostgres(b, url)
	fmt.Printf("ratio to the floor of PostgreSQL: %.2f\n", postgresRate/floor)
}

// verifyLimited verifies keys with a limit, and returns how many in a second.
func verifyLimited(what string, l authority.Limiter) float64 {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	exit(err)
	defer func() { _ = store.Close() }()
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader, Limiter: l})
	exit(err)
	defer a.Close()
	keys, err := issueSome(ctx, a, authority.IssueRequest{Limits: []authority.Limit{{Name: "minute", Limit: 1e9, Window: time.Minute, Auto: true}}})
	exit(err)
	exit(a.Warm(ctx))
	rate := manyClients(what, func(r *mathrand.Rand) int {
		v, err := a.Verify(ctx, keywright.Ask{Key: keys[r.IntN(len(keys))], Keyspace: "default"})
		if err == nil && !v.Valid() {
			err = fmt.Errorf("%s", v.Code)
		}
		exit(err)
		return 1
	}, spendersBusy)
	if s := a.LimiterStats(); s.Local > 0 || s.Refused > 0 {
		exit(fmt.Errorf("the limiter did not answer %d asks", s.Local+s.Refused))
	}
	return rate
}

// manyClients lets clients do something again and again, prints how many in a second, and returns it.
func manyClients(what string, do func(*mathrand.Rand) int, clients int) float64 {
	var done atomic.Int64
	var wait sync.WaitGroup
	used, begun := busy(), time.Now()
	for n := range clients {
		wait.Go(func() {
			r := mathrand.New(mathrand.NewPCG(1, uint64(n)))
			for time.Since(begun) < limitTime {
				done.Add(int64(do(r)))
			}
		})
	}
	wait.Wait()
	rate := float64(done.Load()) / time.Since(begun).Seconds()
	fmt.Printf("%s: %.0f a second, %.2f µs of processor time each\n", what, rate, float64((busy()-used).Nanoseconds())/1000/float64(done.Load()))
	return rate
}

func floorRedis(url string) float64 {
	config, err := redis.ParseURL(url)
	exit(err)
	client := redis.NewClient(config)
	defer client.Close()
	ctx := context.Background()
	return manyClients("floor: INCR, pipelined", func(r *mathrand.Rand) int {
		pipe := client.Pipeline()
		for range floorGroup {
			pipe.Incr(ctx, fmt.Sprint("floor:", r.IntN(spendKeys)))
		}
		_, err := pipe.Exec(ctx)
		exit(err)
		return floorGroup
	}, spendersBusy/floorGroup)
}

func floorPostgres(b *testing.B, url string) float64 {
	postgrestest.Execute(b, url, "CREATE UNLOGGED TABLE floor (id int PRIMARY KEY, n bigint) WITH (fillfactor = 50)")
	postgrestest.Execute(b, url, fmt.Sprintf("INSERT INTO floor SELECT n, 0 FROM generate_series(0, %d) n", spendKeys-1))
	ctx := context.Background()
	config, err := pgxpool.ParseConfig(url)
	exit(err)
	config.MaxConns = 4
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "off"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	exit(err)
	defer pool.Close()
	return manyClients("floor: UPDATE of one row, unlogged, over four connections", func(r *mathrand.Rand) int {
		_, err := pool.Exec(ctx, "UPDATE floor SET n = n + 1 WHERE id = $1", r.IntN(spendKeys))
		exit(err)
		return 1
	}, spendersBusy)
}
