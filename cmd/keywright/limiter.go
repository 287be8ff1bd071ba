// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/limit/postgreslimit"
	"github.com/keywright/keywright/limit/redislimit"
)

// redisVariable holds the URL of a Redis, with its password, as databaseVariable does of a database.
const redisVariable = "KEYWRIGHT_REDIS_URL"

const (
	limitsInMemory   = "memory"
	limitsInPostgres = "postgres"
	limitsInRedis    = "redis"
)

// limiterFlags say where rate limits are kept.
type limiterFlags struct{ limits, redisFile string }

func (f *limiterFlags) add(cmd *cobra.Command) {
	choice(cmd, &f.limits, "limits", "", "keep rate limits in `PLACE`: memory, of this server alone, or postgres or redis, for all servers over one database (default postgres with a database, and else memory)",
		limitsInMemory, limitsInPostgres, limitsInRedis)
	cmd.Flags().StringVar(&f.redisFile, "redis-url-file", "", "with --limits redis, keep them in the Redis or Valkey whose URL is in `FILE`, or in "+redisVariable)
}

// A closingLimiter is a limiter with connections.
type closingLimiter interface {
	authority.Limiter
	io.Closer
}

// limiter returns the limiter that servers share, or nil where limits are in memory. It is not asked yet: a server starts also
// while its limiter is away.
func (s *session) limiter(f *limiterFlags, place storePlace) (closingLimiter, error) {
	url := strings.TrimSpace(s.env[redisVariable])
	kept := f.limits
	if kept == "" && place.url != "" {
		kept = limitsInPostgres
	}
	if f.redisFile != "" && kept != limitsInRedis {
		return nil, misused("--redis-url-file stands without --limits redis", "give --limits redis as well, or leave the file out")
	}
	switch kept {
	case limitsInRedis:
		return openRedis(f.redisFile, url)
	case limitsInPostgres:
		if place.url == "" {
			return nil, misused("--limits postgres stands without a database", "name one by --database-url-file or "+databaseVariable)
		}
		l, err := postgreslimit.Open(place.url, postgreslimit.Options{})
		if err != nil {
			return nil, misused(err.Error(), "the URL comes from --database-url-file or "+databaseVariable)
		}
		return l, nil
	}
	return nil, nil
}

func openRedis(file, url string) (closingLimiter, error) {
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, misused("the --redis-url-file cannot be read: "+plainPathError(err), "name a file that holds the URL and nothing else")
		}
		url = strings.TrimSpace(string(text))
	}
	if url == "" {
		return nil, misused("--limits redis has no URL", "write it to a file for --redis-url-file, or to "+redisVariable+": redis://user:password@host:6379/0")
	}
	l, err := redislimit.Open(url, redislimit.Options{})
	if err != nil {
		return nil, misused(err.Error(), "the URL comes from --redis-url-file or "+redisVariable)
	}
	return l, nil
}
