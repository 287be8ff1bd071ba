// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// awakeClock returns a clock that never goes back and goes on while the machine sleeps.
func awakeClock() func() time.Duration {
	return func() time.Duration {
		var t unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
			return 1<<63 - 1 // no lease runs so long
		}
		return time.Duration(t.Nano())
	}
}
