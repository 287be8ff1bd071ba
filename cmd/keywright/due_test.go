// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// TestDueShows lists what is due for a rotation and what expires soon, before it is too late.
func TestDueShows(t *testing.T) {
	const day = 24 * time.Hour
	w := newWorld(t)
	_, err := w.authority.CreateKeyspace(context.Background(), operator, authority.KeyspaceRequest{
		Name: "acme", Policy: &authority.Policy{Rotation: &authority.Rotation{Every: 90 * day, Warn: 10 * day}},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := typed{w}
	d.issue(t, fields{"keyspace": "acme", "name": "old"})
	_, ending, _ := d.issue(t, fields{"keyspace": "acme", "name": "ending", "expires_in": "2088h"}) // 87 days
	list := func(args ...string) string {
		t.Helper()
		out, exit := d.run(t, "", nil, append([]string{"list", "--keyspace", "acme"}, args...)...)
		if exit != 0 {
			t.Fatalf("exit %d", exit)
		}
		return out
	}
	if out := list(); strings.Contains(out, "due") || strings.Contains(out, "soon") || !strings.Contains(out, "2026-05-30") {
		t.Errorf("at first:\n%s", out)
	}
	if out := list("--due"); out != "" {
		t.Errorf("due at first:\n%s", out)
	}
	w.clock.Add(int64(81 * day))
	if out := list("--due"); strings.Count(out, "2026-05-30 due\n") != 2 || !strings.Contains(out, "2026-05-27 soon ") {
		t.Errorf("due:\n%s", out)
	}
	if out := list("--due", "--output", "csv", "--search", "ending"); !strings.Contains(out, ",2026-05-30T12:00:00Z,true,true\n") {
		t.Errorf("as CSV:\n%s", out)
	}
	if out := list("--expires-before", "2026-05-28"); strings.Count(out, "key_") != 1 || !strings.Contains(out, ending) {
		t.Errorf("before a day:\n%s", out)
	}
	if out, _ := d.run(t, "", nil, "show", ending); !strings.Contains(out, "2026-05-30T12:00:00Z (due)\n") || !strings.Contains(out, "2026-05-27T12:00:00Z (soon)\n") {
		t.Errorf("shown:\n%s", out)
	}
	if out, exit := d.run(t, "", nil, "rotate", "--filter", "due", "--keyspace", "acme", "--yes"); exit != 0 || strings.Count(out, `"key":"acme_live_`) != 2 {
		t.Errorf("rotated: exit %d\n%s", exit, out)
	}
	if out := list("--due"); out != "" {
		t.Errorf("due after the rotation:\n%s", out)
	}
}
