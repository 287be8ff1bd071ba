// SPDX-License-Identifier: Apache-2.0

// Package redislimit keeps the meters of rate limits in Redis 5 or newer, or in Valkey, for several nodes.
//
//	limiter, err := redislimit.Open("rediss://keywright:…@cache.internal:6379/0", redislimit.Options{})
//
// Each ask is one script that the server runs whole, by its own clock; the asks that are handed over together share a round
// trip. All meters are in one slot of a cluster ({keywright}), as the limits of a key, its owner and its keyspace are taken from
// together. A meter that is full again is gone a second later, so nothing is left behind. A server that restarts without its
// memory, or evicts keys, makes meters full: use a server of its own, or one with maxmemory-policy noeviction.
package redislimit

import (
	"context"
	_ "embed" // the script
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/keywright/keywright/authority"
)

// ErrURL says that the URL of the server cannot be read. It holds nothing of the URL, which may hold a password.
var ErrURL = errors.New("the Redis URL cannot be read: write redis://user:password@host:6379/0, rediss:// for TLS, or unix:///path, and in the password %40 for @, %2F for /, %3A for :, %3F for ?, %23 for # and %25 for %")

const (
	dialTimeout = time.Second
	connections = 8
)

// Options say how the meters are kept. The zero value works.
type Options struct {
	Prefix string // of the keys of all meters, at most 64 letters, digits, - and _; empty: keywright
}

//go:embed take.lua
var takeLua string

// A Limiter keeps meters in Redis. It is safe for use by several goroutines.
type Limiter struct {
	client *redis.Client
	script *redis.Script
	prefix string
	where  string
}

var _ authority.Limiter = (*Limiter)(nil)

// Open returns a limiter for the server at a URL: redis://, rediss:// for TLS, or unix://. It does not connect yet: a server that
// is away is told by Take. Its error is ErrURL, or about the prefix.
func Open(text string, o Options) (*Limiter, error) {
	if o.Prefix == "" {
		o.Prefix = "keywright"
	}
	if len(o.Prefix) > 64 || strings.ContainsFunc(o.Prefix, notInPrefix) {
		return nil, errors.New("the prefix is not 1 to 64 letters, digits, - and _")
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" && u.Scheme != "unix" || strings.Count(text, "@") > 1 {
		return nil, ErrURL
	}
	config, err := redis.ParseURL(text)
	if err != nil {
		return nil, ErrURL
	}
	config.DialTimeout, config.ContextTimeoutEnabled, config.DisableIdentity = dialTimeout, true, true
	config.MaxRetries = -1 // a repeat would take twice
	if config.PoolSize == 0 {
		config.PoolSize = connections
	}
	return &Limiter{redis.NewClient(config), redis.NewScript(takeLua), "{" + o.Prefix + "}:limit:", "Redis at " + config.Addr}, nil
}

func notInPrefix(c rune) bool {
	return (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '_'
}

// String names the server: never its password.
func (l *Limiter) String() string { return l.where }

// Close closes the connections.
func (l *Limiter) Close() error { return l.client.Close() }

// Take implements authority.Limiter. All asks go in one round trip, and in a second one where the server has lost the script.
func (l *Limiter) Take(ctx context.Context, asks []authority.LimitAsk) ([]authority.LimitAnswer, error) {
	calls := make([]call, len(asks))
	for i := range asks {
		calls[i] = l.call(&asks[i])
	}
	if err := l.run(ctx, calls); err != nil {
		return nil, fmt.Errorf("%s: %w", l.where, err)
	}
	answers := make([]authority.LimitAnswer, len(asks))
	for i := range calls {
		var err error
		if answers[i], err = calls[i].answer(asks[i].Act); err != nil {
			return nil, fmt.Errorf("%s: %w", l.where, err)
		}
	}
	return answers, nil
}

// run runs the script for each call that it did not run for yet.
func (l *Limiter) run(ctx context.Context, calls []call) error {
	again, err := l.send(ctx, calls, false)
	if err != nil || !again {
		return err
	}
	again, err = l.send(ctx, calls, true)
	if again {
		return errors.New("it does not keep scripts")
	}
	return err
}

// send sends calls that have no answer. Those that met no script ran nothing, and are to be sent again, after it.
func (l *Limiter) send(ctx context.Context, calls []call, load bool) (again bool, err error) {
	pipe := l.client.Pipeline()
	if load {
		pipe.ScriptLoad(ctx, takeLua)
	}
	for i := range calls {
		if c := &calls[i]; c.sent == nil || redis.HasErrorPrefix(c.sent.Err(), "NOSCRIPT") {
			c.sent = pipe.EvalSha(ctx, l.script.Hash(), c.keys, c.args...)
		}
	}
	if _, err = pipe.Exec(ctx); err == nil {
		return false, nil
	}
	for i := range calls {
		switch err := calls[i].sent.Err(); {
		case redis.HasErrorPrefix(err, "NOSCRIPT"):
			again = true
		case err != nil:
			return false, err
		}
	}
	if again {
		return true, nil
	}
	return false, err
}

func (l *Limiter) key(id *[24]byte) string { return l.prefix + hex.EncodeToString(id[:]) }
