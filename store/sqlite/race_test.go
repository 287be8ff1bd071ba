// SPDX-License-Identifier: Apache-2.0

//go:build race

package sqlite

// With the race detector SQLite, which is Go here, takes some twenty times as long.
func init() { oneOf = 16 }
