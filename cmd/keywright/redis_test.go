// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keywright/keywright/internal/redistest"
)

type redisKey struct{}

// TestScriptsOverRedis runs those of a server whose limits are in Redis: KEYWRIGHT_REDIS_URL names one of its own.
func TestScriptsOverRedis(t *testing.T) {
	s := redistest.Start(t)
	runScripts(t, filepath.Join("testdata", "redis"), func(e *testscript.Env) {
		e.Values[redisKey{}] = s
		e.Setenv("KEYWRIGHT_REDIS_URL", s.URL())
	})
}

// runRedis stops the Redis of a script, or starts it again without what it held, and waits until the server has written to it.
func runRedis(ts *testscript.TestScript, neg bool, args []string) {
	s, ok := ts.Value(redisKey{}).(*redistest.Server)
	if neg || !ok || len(args) != 1 || args[0] != "stop" && args[0] != "start" {
		ts.Fatalf("usage: redis stop|start")
	}
	if args[0] == "stop" {
		s.Stop()
		return
	}
	ts.Check(s.Run())
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if size, err := s.Do("DBSIZE"); err == nil && size != ":0" {
			return
		}
	}
	ts.Fatalf("the server does not come back to its limiter")
}
