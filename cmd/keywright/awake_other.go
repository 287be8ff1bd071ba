// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

import "time"

// awakeClock returns no clock: that the machine slept shows by the time of day.
func awakeClock() func() time.Duration { return nil }
