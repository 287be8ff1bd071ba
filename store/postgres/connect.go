// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// What a person can do something about when a store does not open.
var (
	// ErrUnreachable says that no server answered.
	ErrUnreachable = errors.New("no PostgreSQL server can be reached there")
	// ErrRefused says that the server does not let this user in: the password is wrong, or the user may not.
	ErrRefused = errors.New("the server refuses user or password")
	// ErrNoDatabase says that the server has no database of that name.
	ErrNoDatabase = errors.New("the server has no such database: make it with CREATE DATABASE")
	// ErrNoStore says that the database has no store in it, and none was to be made.
	ErrNoStore = errors.New("the database holds no store")
	// ErrServer says that the server or the database cannot keep a store.
	ErrServer = errors.New("the database cannot keep a store")
)

const oldestServer = 140000 // PostgreSQL 14

// dial opens a connection beside the pool.
func dial(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, connectError(ctx, err)
	}
	if err := durable(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// connectError tells apart why there is no connection. The text of the driver may name parts of the URL and is kept
// only where the server speaks.
func connectError(ctx context.Context, err error) error {
	var said *pgconn.PgError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &said):
		return fmt.Errorf("%w: look at host, port and sslmode of the URL", ErrUnreachable)
	case said.Code == "28P01" || said.Code == "28000":
		return fmt.Errorf("%w (SQLSTATE %s)", ErrRefused, said.Code)
	case said.Code == "3D000":
		return ErrNoDatabase
	}
	return said
}

// facts are what a server tells of itself.
type facts struct {
	version          int
	encoding         string
	recovering, read bool
}

// checkServer refuses a server on which the store would not do what it promises.
func checkServer(ctx context.Context, conn *pgx.Conn) error {
	var f facts
	if err := conn.QueryRow(ctx, serverSQL).Scan(&f.version, &f.encoding, &f.recovering, &f.read); err != nil {
		return err
	}
	return f.check()
}

func (f facts) check() error {
	switch {
	case f.version < oldestServer:
		return fmt.Errorf("%w: it is PostgreSQL %d.%d, and 14 or newer is needed", ErrServer, f.version/10000, f.version%10000)
	case f.encoding != "UTF8":
		return fmt.Errorf("%w: its encoding is %s: make one with ENCODING 'UTF8'", ErrServer, f.encoding)
	case f.recovering:
		return fmt.Errorf("%w: the server is a replica: name the primary, or target_session_attrs=read-write", ErrServer)
	case f.read:
		return fmt.Errorf("%w: default_transaction_read_only is on", ErrServer)
	}
	return nil
}
