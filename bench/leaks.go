// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/server"
)

const leakRounds = 9

// leaks measures reports of 1,000 keys over HTTP and a store on disk, of which every second is active.
func leaks() error {
	ctx := context.Background()
	return overSQLite(ctx, func(a *authority.Authority, _ string) error { return reportLeaks(ctx, a) })
}

func reportLeaks(ctx context.Context, a *authority.Authority) error {
	first, _, err := a.FirstServiceKey(ctx)
	if err != nil {
		return err
	}
	handler, err := server.New(server.Options{Authority: a})
	if err != nil {
		return err
	}
	web := httptest.NewServer(handler)
	defer web.Close()
	c, err := client.New(client.Options{URL: web.URL, ServiceKey: first.Key})
	if err != nil {
		return err
	}
	keys, err := issueSome(ctx, a, authority.IssueRequest{Owner: "team_7", Scopes: scopes})
	if err != nil {
		return err
	}
	var took []time.Duration
	for round := range leakRounds {
		one, err := reportOnce(ctx, c, keys[round*500:][:500])
		if err != nil {
			return err
		}
		took = append(took, one)
	}
	fmt.Printf("a report of 1,000 keys, half of them active: %v (aim: below 1 s)\n", medianOf(took))
	return nil
}

// reportOnce reports keys beside as many that nobody has.
func reportOnce(ctx context.Context, c *client.Client, keys []keywright.Secret) (time.Duration, error) {
	var list []api.LeakedKey
	for i, key := range keys {
		other := keywright.NewSecret(fmt.Sprintf("ghp_nobody%026d", i))
		list = append(list, api.LeakedKey{Key: api.NewKey(key), Source: "commit"}, api.LeakedKey{Key: api.NewKey(other)})
	}
	begun := time.Now()
	results, err := c.ReportLeaks(ctx, list)
	took := time.Since(begun)
	for i, r := range results {
		if want := [2]string{api.LabelTrue, api.LabelFalse}[i%2]; r.Label != want {
			return took, fmt.Errorf("result %d is %s", i, r.Label)
		}
	}
	return took, err
}

func medianOf(took []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[len(sorted)/2].Round(time.Millisecond / 10)
}
