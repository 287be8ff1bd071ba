// SPDX-License-Identifier: Apache-2.0

package cluster

import "testing"

// TestSilence allows what the machine does without a fault, and no more.
func TestSilence(t *testing.T) {
	quick, slow := silence{0, 100_000}, silence{1000, 100_000} // one in a hundred, by itself
	for _, c := range []struct {
		now, before silence
		fits        bool
	}{
		{silence{1000, 1_000_000}, quick, true},
		{silence{1001, 1_000_000}, quick, false},
		{silence{20_000, 1_000_000}, slow, true},
		{silence{22_000, 1_000_000}, slow, false},
		{silence{1, 0}, silence{}, false},
	} {
		if got := c.now.fits(c.before); got != c.fits {
			t.Errorf("%v after %v fits: %v", c.now, c.before, got)
		}
	}
}
