// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"
)

// importedKeysVerify verifies keys that the guide to imports has imported.
func importedKeysVerify(t *testing.T, s *stage) {
	t.Helper()
	for keyspace, key := range map[string]string{
		"home": "hk_9f8e7d6c5b4a39281706f5e4d3c2b1a0", "gateway": "zY8xW7vU6tS5rQ4pO3nM2lK1jI0hG9fE",
		"partners": "mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG", "mobile": "3ZfRYeWyHnGzvaJ1yrAxVtqP",
		"slow": "mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG", "shop": "hm_2b7e151628aed2a6abf7158809cf4f3c",
	} {
		out := s.run(t, key+"\n", "verify", "--keyspace", keyspace)
		if !strings.HasPrefix(out, "VALID") {
			t.Errorf("an imported key of %s: %s", keyspace, out)
		}
	}
	if out := s.run(t, "hk_ffeeddccbbaa99887766554433221100\n", "verify", "--keyspace", "home"); !strings.HasPrefix(out, "REVOKED") {
		t.Error(out)
	}
	info, err := os.Stat("home.ndjson")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
}
