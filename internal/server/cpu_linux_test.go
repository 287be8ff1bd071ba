// SPDX-License-Identifier: Apache-2.0

package server

import (
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time that the program used so far, in user and in kernel.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
