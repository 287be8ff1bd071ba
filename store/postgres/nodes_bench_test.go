// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/postgrestest"
)

// BenchmarkReceipt revokes keys on one of three nodes, which all have them in memory: until every node has confirmed.
func BenchmarkReceipt(b *testing.B) {
	nodes := startNodes(b, postgrestest.Database(b), 3)
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		issued := nodes[0].issue(b)
		for _, n := range nodes {
			n.wantValid(b, issued.Key)
		}
		b.StartTimer()
		begun := time.Now()
		if _, err := nodes[0].Revoke(context.Background(), me, issued.Record.ID, ""); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
