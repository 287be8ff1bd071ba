// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"time"
)

const aloneLook = 2 * time.Second // how often a connection that keeps others out is looked at

// Alone runs work under an advisory lock, unless another node has it. The context of the work ends with the connection.
func (s *Store) Alone(ctx context.Context, name string, work func(context.Context) error) (ran bool, err error) {
	conn, err := s.nodes.pool.Acquire(ctx)
	if err != nil {
		return false, s.clusterError(ctx, err)
	}
	defer conn.Release()
	key := lockKey("alone "+name, s.nodes.schema)
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&ran); err != nil || !ran {
		return false, s.clusterError(ctx, err)
	}
	working, end := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		defer end()
		for waitFor(working, aloneLook) == nil {
			asking, cancel := context.WithTimeout(working, heartbeatIn)
			err := conn.Conn().Ping(asking)
			cancel()
			if err != nil {
				return
			}
		}
	}()
	err = work(working)
	end()
	<-watched
	undoing, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
	defer cancel()
	if _, unlock := conn.Exec(undoing, "SELECT pg_advisory_unlock($1)", key); unlock != nil {
		_ = conn.Conn().Close(undoing) // which gives the lock back
	}
	return true, err
}
