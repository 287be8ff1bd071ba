// SPDX-License-Identifier: Apache-2.0

package client

import "testing"

// TestOwnerPath writes ids that would otherwise stand for another path.
func TestOwnerPath(t *testing.T) {
	for id, want := range map[string]string{
		"team_7": "/v1/owners/team_7", "..": "/v1/owners/%2E%2E", "a/b": "/v1/owners/a%2Fb", "x y?#": "/v1/owners/x%20y%3F%23", ".h": "/v1/owners/%2Eh",
	} {
		if got := ownerPath("/v1/owners/{id}", id); got != want {
			t.Errorf("%q: %s, want %s", id, got, want)
		}
	}
}
