// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

// BenchmarkAwakeClock is what one look at a lease costs at least: a verification over PostgreSQL looks twice.
func BenchmarkAwakeClock(b *testing.B) {
	awake := awakeClock()
	for b.Loop() {
		awake()
	}
}
