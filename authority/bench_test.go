// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// BenchmarkVerify verifies ten thousand keys: what is known of them is not all in the processor's nearest cache. As
// requests do, each begins when the one before has ended: its verdict says which is next.
func BenchmarkVerify(b *testing.B) {
	for name, limits := range map[string][]authority.Limit{
		"plain":      nil,
		"one limit":  {limit("minute", 1e9, time.Minute)},
		"two limits": {limit("minute", 1e9, time.Minute), limit("second", 1e9, time.Second)},
	} {
		b.Run(name, func(b *testing.B) {
			a, _ := over(b, memory(b), func(o *authority.Options) { o.Clock = time.Now })
			var keys [10_000]keywright.Secret
			for i := range keys {
				keys[i] = issue(b, a, authority.IssueRequest{Scopes: []string{"a:read"}, Limits: limits}).Key
			}
			eventually(b, func() bool { return a.Warm(ctx) == nil })
			ask := keywright.Ask{Keyspace: "default", Environment: "live", Scopes: []string{"a:read"}}
			b.ReportAllocs()
			next := 0
			for b.Loop() {
				ask.Key = keys[next%len(keys)]
				v, err := a.Verify(ctx, ask)
				if err != nil || !v.Valid() {
					b.Fatal(v.Code, err)
				}
				next += 1 + int(v.KeyID[15]&1)
			}
		})
	}
}
