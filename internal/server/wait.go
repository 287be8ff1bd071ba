// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright/api"
)

// maxWaiting is how many requests may wait for events at a time.
const maxWaiting = 500

// parseWait reads how long an answer may wait; nothing is not at all.
func parseWait(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	wait, err := api.ParseDuration(text)
	if err != nil {
		return 0, invalid("wait", "is not a duration", "use one such as 30s")
	}
	return wait.Duration(), nil
}

// untilStopping returns a context that ends when the server does: nobody waits any more then.
func (s *Server) untilStopping(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(ctx)
	go func() {
		select {
		case <-s.stopping:
			stop()
		case <-ctx.Done():
		}
	}()
	return ctx, stop
}

// seats are places in which requests wait.
type seats struct{ taken atomic.Int64 }

func (t *seats) take() bool {
	if t.taken.Add(1) > maxWaiting {
		t.taken.Add(-1)
		return false
	}
	return true
}

func (t *seats) leave() { t.taken.Add(-1) }

func errNoSeat() *api.Problem {
	return api.NewProblem(api.TooManyRequests, "wait", "too many requests wait for events", "ask without wait, or come again later")
}
