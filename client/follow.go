// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"slices"
	"time"
)

// follow keeps up with the server until ctx ends. An answer waits for something to tell, at most a quarter of the time that
// what is known may be old.
func (o *Offline) follow(ctx context.Context) {
	defer close(o.done)
	defer func() {
		o.mu.Lock()
		o.closed = true
		o.mu.Unlock()
	}()
	const shortestPause = 20 * time.Millisecond
	var wait time.Duration // none until all is known
	pause := shortestPause
	for ctx.Err() == nil {
		more, err := o.sync(ctx, wait)
		switch {
		case err != nil:
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
			}
			pause = min(2*pause, o.maxAge/4)
		case !more:
			wait, pause = max(o.maxAge/4, time.Millisecond), shortestPause
		}
	}
}

// sync asks the server once, and takes in what it says.
func (o *Offline) sync(ctx context.Context, wait time.Duration) (more bool, err error) {
	o.mu.RLock()
	after := o.taken.cursor
	o.mu.RUnlock()
	begun := time.Now()
	asking, cancel := context.WithTimeout(ctx, wait+max(o.maxAge, time.Second))
	defer cancel()
	l, err := o.client.Revocations(asking, RevocationQuery{Keyspace: o.keyspace, After: after, Wait: wait})
	if err != nil {
		return false, o.failed(err)
	}
	o.mu.RLock()
	set := o.set
	o.mu.RUnlock()
	if ids := set.IDs(); slices.ContainsFunc(l.Keys, func(id string) bool { return !slices.Contains(ids, id) }) {
		if set, err = o.client.KeySet(asking); err != nil {
			return false, o.failed(err)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.taken.cursor != after {
		return false, nil // another answer was quicker
	}
	o.set, o.verifier.Keys = set, set.Only(l.Keys)
	o.taken.add(&l, begun)
	if o.failure = nil; l.More {
		return true, nil
	}
	if o.fresh.IsZero() {
		close(o.synced)
	}
	if begun.After(o.fresh) {
		o.fresh = begun
	}
	return false, nil
}

func (o *Offline) failed(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failure = err
	return err
}

// refetch asks the server at once, for the sake of a key that is not known: once a second at most, however many tokens
// name one. An error means that it did not answer, so nobody knows whether there is such a key.
func (o *Offline) refetch(ctx context.Context) error {
	o.refetching.Lock()
	defer o.refetching.Unlock()
	if !o.refetched.IsZero() && since(o.refetched, time.Now()) < refetchGap {
		return o.refused // somebody else has just asked
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refetchTime)
	defer cancel()
	o.refetched = time.Now()
	for more := true; more; {
		if more, o.refused = o.sync(ctx, 0); o.refused != nil {
			return o.refused
		}
	}
	return nil
}
