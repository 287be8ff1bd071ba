// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/keywright/keywright"
)

// TestGuardKnowsKeys gives a key of every preset as an argument, in every place that there is for one.
func TestGuardKnowsKeys(t *testing.T) {
	for _, preset := range keywright.Presets() {
		if preset == "opaque" {
			continue
		}
		f, err := keywright.Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			key, err := keywright.Generate(f)
			if err != nil {
				t.Fatal(err)
			}
			text := key.Reveal()
			for _, args := range [][]string{
				{text},
				{"verify", text},
				{"inspect", "--", text},
				{"revoke", text},
				{"match", text},
				{"verify", "--" + text},
				{"verify", "-" + text},
				{"verify", "--keyspace", text},
				{"verify", "--keyspace=" + text},
				{"generate", "--prefix", text},
				{"help", text},
				{"keyspaces", "show", text},
			} {
				var stdout, stderr bytes.Buffer
				code := new(Program).Run(context.Background(), args, strings.NewReader(""), &stdout, &stderr, nil)
				if code != 2 {
					t.Errorf("%s in %q: exit code %d", preset, args[0], code)
				}
				if secret := key.Secret().Reveal(); strings.Contains(stdout.String()+stderr.String(), secret) {
					t.Errorf("%s in %q is repeated", preset, args[0])
				}
			}
		}
	}
}

// TestGuardLetsPass gives what users write every day.
func TestGuardLetsPass(t *testing.T) {
	for _, args := range [][]string{
		{"show", "key_0DFUqXqVeEpK4nSQhDZ0mR"},
		{"issue", "--owner", "user_29w83sxmDNGwOuEthce5gg6FcC"},
		{"issue", "--owner", "550e8400-e29b-41d4-a716-446655440000", "--idempotency-key", "0b5e3f0e6c1c4f6fb1d9d4a6a5a6f7a8"},
		{"issue", "--idempotency-key=01HZX3Y5T9QW2E4R6T8Y0U1I3O"},
		{"issue", "--hash", "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37", "--public-id", "BRTRKFsL"},
		{"match", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="},
		{"issue", "--name", "production-billing-service-account-of-team-2030"},
		{"issue", "--name", "ProductionBillingServiceAccount"},
		{"keyspaces", "show", "production-billing-service-account-of-team-2030"},
		{"issue", "--scope", "organizations:service-accounts:credentials:rotate"},
		{"issue", "--allow-network", "2001:db8:85a3:8d3:1319:8a2e:370:7348/128"},
		{"serve", "--data", "/var/lib/keywright-2030-production-eu-west-1/data0123456789"},
		{"serve", "--listen", "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:8420"},
		{"list", "--url", "https://keys.production.eu-west-1.example.com:8443/keywright"},
		{"generate", "--to", "/tmp/keys-20300131T120000Z-0123456789abcdef.env"},
		{"issue", "--expires-at", "2030-01-31T12:00:00.000000000Z"},
		{"issue", "--metadata", `{"ticket":"OPS-1234567890","plan":"enterprise2030annual"}`},
	} {
		if err := guard(args); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}
