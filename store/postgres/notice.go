// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A listening hears of urgent changes, where the server has LISTEN and NOTIFY. Some databases that speak like PostgreSQL
// have not: there the feed is read with each renewal.
type listening struct {
	channel string
	able    bool
	notices chan struct{}
}

func newListening(schema string) *listening {
	return &listening{channel: fmt.Sprintf("keywright_%016x", uint64(lockKey("notice", schema))), notices: make(chan struct{}, 1)}
}

// try finds out whether the server can.
func (l *listening) try(ctx context.Context, conn *pgx.Conn) error {
	for _, statement := range []string{"LISTEN " + l.channel, "SELECT pg_notify('" + l.channel + "', '')"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			if lacks(err) {
				return nil
			}
			return err
		}
	}
	l.able = true
	return nil
}

// listen begins on a connection. What was told while there was none may have been missed, so it counts as told.
func (l *listening) listen(ctx context.Context, conn *pgx.Conn) error {
	if l == nil || !l.able {
		return nil
	}
	_, err := conn.Exec(ctx, "LISTEN "+l.channel)
	l.tell()
	return err
}

func (l *listening) tell() {
	if l == nil {
		return
	}
	select {
	case l.notices <- struct{}{}:
	default: // one is waiting
	}
}
