// SPDX-License-Identifier: Apache-2.0

// Package postgreslimit keeps the meters of rate limits in PostgreSQL, version 14 or newer, for several nodes: so that the
// database alone suffices.
//
//	limiter, err := postgreslimit.Open("postgres://keywright:…@db.internal:5432/keywright", postgreslimit.Options{})
//
// Each ask is decided by one statement, by the clock of the database; asks that are handed over together and take the same from the
// same meters are one. The meters are in an unlogged table beside those of the store: they outlive a restart of the database in
// good order, and are full after a crash or on a standby that took over.
package postgreslimit

import (
	"context"
	_ "embed" // the statements
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/keywright/keywright/authority"
)

var (
	//go:embed queries/make.sql
	makeSQL string
	//go:embed queries/make_logged.sql
	makeLoggedSQL string
	//go:embed queries/take.sql
	takeSQL string
	//go:embed queries/add.sql
	addSQL string
	//go:embed queries/forget.sql
	forgetSQL string
)

// ErrURL says that the URL of the database cannot be read. It holds nothing of the URL, which may hold a password.
var ErrURL = errors.New("the database URL cannot be read: write postgres://user:password@host:5432/database")

const (
	dialTimeout = time.Second
	connections = 4
	forgetEvery = 5 * time.Minute
	forgetTime  = 10 * time.Second
	attempts    = 4 // of a statement that met meters that were not there yet, or were just forgotten
)

// Options say how the meters are kept. The zero value works.
type Options struct {
	Schema string // has the table, and is there: that of the store; empty: keywright
}

// A Limiter keeps meters in PostgreSQL. It is safe for use by several goroutines.
type Limiter struct {
	pool  *pgxpool.Pool
	where string

	mu    sync.Mutex
	ready bool // the table is there

	stop context.CancelFunc
	done chan struct{}
}

var _ authority.Limiter = (*Limiter)(nil)

// Open returns a limiter for the database at a URL. It does not connect yet: a database that is away is told by Take. Its error
// is ErrURL.
func Open(text string, o Options) (*Limiter, error) {
	if o.Schema == "" {
		o.Schema = "keywright"
	}
	if _, err := url.Parse(text); err != nil {
		return nil, ErrURL
	}
	config, err := pgxpool.ParseConfig(text)
	if err != nil {
		return nil, ErrURL
	}
	c := config.ConnConfig
	c.ConnectTimeout = dialTimeout
	c.RuntimeParams["application_name"] = "keywright limits"
	c.RuntimeParams["search_path"] = pgx.Identifier{o.Schema}.Sanitize()
	c.RuntimeParams["synchronous_commit"] = "off"                       // nothing here has to outlive a crash
	c.RuntimeParams["default_transaction_isolation"] = "read committed" // a meter that another statement changed is read again
	config.MaxConns = connections
	ctx, stop := context.WithCancel(context.Background())
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		stop()
		return nil, ErrURL
	}
	host := c.Host
	if !strings.HasPrefix(host, "/") { // the folder of a socket
		host = net.JoinHostPort(host, strconv.Itoa(int(c.Port)))
	}
	l := &Limiter{pool: pool, where: fmt.Sprintf("database %s at %s", c.Database, host), stop: stop, done: make(chan struct{})}
	go l.keepForgetting(ctx)
	return l, nil
}

// String names the database: never its password.
func (l *Limiter) String() string { return l.where }

// Close closes the connections.
func (l *Limiter) Close() error {
	l.stop()
	<-l.done
	l.pool.Close()
	return nil
}

// Take implements authority.Limiter.
func (l *Limiter) Take(ctx context.Context, asks []authority.LimitAsk) ([]authority.LimitAnswer, error) {
	if err := l.make(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", l.where, err)
	}
	answers := make([]authority.LimitAnswer, len(asks))
	for _, w := range waves(asks) {
		if err := l.settle(ctx, w, answers); err != nil {
			return nil, fmt.Errorf("%s: %w", l.where, err)
		}
	}
	return answers, nil
}

// settle runs one statement, after the meters that it needs were made.
func (l *Limiter) settle(ctx context.Context, w *wave, answers []authority.LimitAnswer) error {
	for attempt := 0; ; attempt++ {
		found, err := l.ask(ctx, w)
		if err != nil {
			return err
		}
		if len(found) == len(w.ids) {
			return w.answer(found, answers)
		}
		if attempt == attempts {
			return errors.New("meters that were made are not there")
		}
		if _, err := l.pool.Exec(ctx, addSQL, w.ids); err != nil {
			return err
		}
	}
}

// A finding is what the statement tells of a meter.
type finding struct {
	full, now string
	granted   int64
}

func (l *Limiter) ask(ctx context.Context, w *wave) (map[[24]byte]finding, error) {
	rows, err := l.pool.Query(ctx, takeSQL, w.asks, w.ids, w.acts, w.copies, w.charges, w.rooms, w.mosts)
	if err != nil {
		return nil, err
	}
	found := make(map[[24]byte]finding, len(w.ids))
	var id []byte
	var f finding
	_, err = pgx.ForEachRow(rows, []any{&id, &f.full, &f.now, &f.granted}, func() error {
		if len(id) != 24 {
			return errors.New("a meter has an id that is none")
		}
		found[[24]byte(id)] = f
		return nil
	})
	return found, err
}

// make makes the table, once.
func (l *Limiter) make(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready {
		return nil
	}
	_, err := l.pool.Exec(ctx, makeSQL)
	if said := (*pgconn.PgError)(nil); errors.As(err, &said) {
		switch said.Code {
		case "42601", "0A000", "22023": // syntax, not supported, unknown parameter
			_, err = l.pool.Exec(ctx, makeLoggedSQL)
		case "23505", "42710", "42P07": // another node made it in the same moment
			err = nil
		}
	}
	l.ready = err == nil
	return err
}

// keepForgetting deletes meters that have been full for a minute: they are like new ones.
func (l *Limiter) keepForgetting(ctx context.Context) {
	defer close(l.done)
	again := time.NewTicker(forgetEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			l.forget(ctx)
		}
	}
}

// forget deletes what it can; what fails is done the next time.
func (l *Limiter) forget(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, forgetTime)
	defer cancel()
	for {
		tag, err := l.pool.Exec(ctx, forgetSQL)
		if err != nil || tag.RowsAffected() == 0 {
			return
		}
	}
}
