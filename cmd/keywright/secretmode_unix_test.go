// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"io/fs"
	"testing"
)

func TestWhoMayReadTheRootKey(t *testing.T) {
	for _, c := range []struct {
		mode        fs.FileMode
		owner, self int
		fine        bool
	}{
		{0o600, 7, 7, true},
		{0o400, 7, 7, true},
		{0o640, 7, 7, false},
		{0o604, 7, 7, false},
		{0o440, 0, 7, true}, // a secret of Kubernetes
		{0o640, 0, 7, true},
		{0o460, 0, 7, false},
		{0o444, 0, 7, false},
		{0o440, 0, 0, false},
	} {
		if mayRest(c.mode, c.owner, c.self) != c.fine {
			t.Errorf("mode %04o of %d, read by %d", c.mode, c.owner, c.self)
		}
	}
}
