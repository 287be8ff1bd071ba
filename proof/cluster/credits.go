// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const creditsOfAKey = 60

// keepSpending spends keys with credits on every node at once, until each node has said that nothing is left: there are
// never more VALID than credits.
func (r *run) keepSpending(ctx context.Context, dice *rand.Rand) {
	for ctx.Err() == nil && !r.done() {
		n := r.someNode(dice)
		began := time.Now()
		issued, err := r.clients[n].Issue(ctx, api.IssueRequest{Name: "spent", Credits: &api.CreditsRequest{Remaining: creditsOfAKey}}, "")
		if err != nil {
			if ctx.Err() == nil {
				r.trouble(n, began, time.Now(), "an issue", err)
			}
			continue
		}
		r.spend(ctx, issued)
	}
}

func (r *run) spend(ctx context.Context, issued api.IssueResponse) {
	ask, err := json.Marshal(api.VerifyRequest{Key: issued.Key, Keyspace: authority.DefaultKeyspace})
	if err != nil {
		r.law.Breach("a key with credits cannot be asked about: %v", err)
		return
	}
	var valid, unknown atomic.Int64
	var all sync.WaitGroup
	for _, n := range r.cluster.Nodes {
		all.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				code, err := n.spendOne(ask)
				switch {
				case err != nil:
					unknown.Add(1)
					r.trouble(n.Index, began, time.Now(), "a spending", err)
					time.Sleep(20 * time.Millisecond)
				case code == "VALID":
					valid.Add(1)
				case code == "CREDITS_EXHAUSTED":
					return
				default:
					r.law.Breach("node %d answered %s to a key with credits", n.Index, code)
					return
				}
			}
		})
	}
	all.Wait()
	r.spent.Add(valid.Load())
	if valid.Load() > creditsOfAKey || ctx.Err() == nil && valid.Load()+unknown.Load() < creditsOfAKey {
		r.law.Breach("%s had %d credits, was VALID %d times and got no judgement %d times", issued.Record.ID, creditsOfAKey, valid.Load(), unknown.Load())
	}
}

// spendOne asks a node once, and returns the code of its verdict.
func (n *Node) spendOne(ask []byte) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	lines, err := n.batch(ctx, bytes.NewReader(ask))
	if err != nil {
		return "", err
	}
	if len(lines) != 1 {
		return "", errNoVerdict
	}
	var answer api.VerifyLine
	if err := json.Unmarshal(lines[0], &answer); err != nil {
		return "", err
	}
	if answer.Problem != nil {
		return "", answer.Problem
	}
	return string(answer.Code), nil
}
