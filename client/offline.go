// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/signed"
)

const (
	defaultMaxAge  = 10 * time.Second
	shortestMaxAge = 100 * time.Millisecond
	defaultIssuer  = "keywright"
	longestToken   = time.Hour // that a server gives
	refetchGap     = time.Second
	refetchTime    = 2 * time.Second
)

// OfflineOptions say whose tokens are verified. Client and Keyspace are needed.
type OfflineOptions struct {
	Client   *Client // its service key needs the scope keys:verify
	Keyspace string
	Audience string           // that tokens must be for; empty: the name of the keyspace
	Issuer   string           // empty: keywright, as the server says it unless it is told otherwise
	MaxAge   time.Duration    // how old what is known of revocations may be, 100 ms at least; 0: 10 seconds
	Leeway   time.Duration    // how far clocks may differ where a token begins and ends; 0: a minute, below 0: not at all
	Clock    func() time.Time // nil: time.Now
}

// Offline verifies tokens that keys were exchanged for, without asking anybody while it does: Ask.Key holds the token. In
// the background it follows what the server says was taken away. It is a keywright.Verifier, safe for use by several
// goroutines.
//
// A token that was exchanged before its key, or one above it, was revoked, disabled, narrowed or rotated is refused as
// soon as that is known, and no later than MaxAge after the verb has returned: where what is known is older, every
// verification is an error, and the caller must refuse. The same holds for what a token cannot tell: limits, costs, names.
//
// What a key may spend, and from where, is not looked at; keys where that matters are only exchanged if their keyspace
// says so.
type Offline struct {
	client   *Client
	keyspace string
	maxAge   time.Duration
	clock    func() time.Time
	stop     context.CancelFunc
	done     chan struct{}
	synced   chan struct{} // closed when all is known for the first time

	refetching sync.Mutex
	refetched  time.Time
	refused    error // of that

	mu       sync.RWMutex
	verifier signed.TokenVerifier
	set      signed.KeySet // as it was read last
	taken    taken
	fresh    time.Time // everything is known that had been taken away by then; with a reading of the monotonic clock
	failure  error     // of the last attempt
	closed   bool
}

var _ keywright.Verifier = (*Offline)(nil)

// NewOffline returns a verifier that follows the server until ctx ends or it is closed. Ready waits until it can judge;
// before, every verification is an error.
func NewOffline(ctx context.Context, opts OfflineOptions) (*Offline, error) {
	switch {
	case opts.Client == nil || opts.Keyspace == "":
		return nil, errors.New("an offline verifier needs a client, and the keyspace whose tokens it verifies")
	case opts.MaxAge != 0 && opts.MaxAge < shortestMaxAge:
		return nil, errors.New("what an offline verifier knows is always some milliseconds old: let MaxAge be 100ms at least")
	}
	o := &Offline{
		client: opts.Client, keyspace: opts.Keyspace, maxAge: cmp.Or(opts.MaxAge, defaultMaxAge), clock: opts.Clock,
		done: make(chan struct{}), synced: make(chan struct{}), taken: newTaken(opts.Keyspace),
		verifier: signed.TokenVerifier{
			Issuer: cmp.Or(opts.Issuer, defaultIssuer), Audience: cmp.Or(opts.Audience, opts.Keyspace), Type: signed.AccessToken,
			MaxLife: longestToken, Leeway: opts.Leeway,
		},
	}
	if o.clock == nil {
		o.clock = time.Now
	}
	ctx, o.stop = context.WithCancel(ctx)
	go o.follow(ctx)
	return o, nil
}

// Ready waits until tokens can be judged for the first time. Its error is the last of the server's, or of ctx.
func (o *Offline) Ready(ctx context.Context) error {
	select {
	case <-o.synced:
		return nil
	case <-o.done:
		return errOfflineClosed
	case <-ctx.Done():
		o.mu.RLock()
		defer o.mu.RUnlock()
		return cmp.Or(o.failure, ctx.Err())
	}
}

// Close ends it. Verifications from then on are errors.
func (o *Offline) Close() {
	o.stop()
	<-o.done
}

var (
	errOfflineClosed = errors.New("the offline verifier is closed: no judgement was made")
	errOfflineLimits = errors.New("a token tells nothing of limits, costs, names and metadata: ask the server with the key, or leave them out of the ask")
)

// A StaleError says that too little is known of what was taken away: no judgement was made.
type StaleError struct {
	Age   time.Duration // of what is known; 0: nothing is known yet
	Cause error         // of the last attempt, or nil
}

func (e *StaleError) Error() string {
	text := "nothing is known yet of what was taken away from keys"
	if e.Age > 0 {
		text = fmt.Sprintf("what is known of revocations is %s old", e.Age.Round(time.Millisecond))
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *StaleError) Unwrap() error { return e.Cause }

// usable returns why nothing can be judged now, or nil. The caller holds the lock to read.
func (o *Offline) usable() error {
	switch {
	case o.closed:
		return errOfflineClosed
	case o.fresh.IsZero():
		return &StaleError{Cause: o.failure}
	}
	if age := since(o.fresh, time.Now()); age > o.maxAge {
		return &StaleError{Age: age, Cause: o.failure}
	}
	return nil
}

// since returns how long ago something was, by the monotonic clock or by that on the wall, whichever says more: the first
// stands still while a machine is suspended.
func since(t, now time.Time) time.Duration {
	return max(now.Sub(t), now.Round(0).Sub(t.Round(0)))
}
