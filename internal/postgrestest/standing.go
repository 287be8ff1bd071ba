// SPDX-License-Identifier: Apache-2.0

package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Standing is a server for a proof, which ends it, starts it again and makes replicas of it. It ends with the process.
type Standing struct{ server *server }

// Start starts a server with an empty data folder.
func Start() (*Standing, error) {
	s, err := startServer()
	if err != nil {
		return nil, err
	}
	return &Standing{s}, nil
}

// URL returns where a database of the server is, as its superuser.
func (s *Standing) URL(database string) string { return s.server.url(database) }

// Through returns the URL of a database for who reaches the server at another port of this machine.
func (s *Standing) Through(port int, database string) string {
	other := *s.server
	other.port = port
	return other.url(database)
}

// Address returns where the server listens.
func (s *Standing) Address() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.server.port))
}

// Execute runs a statement on a connection of its own.
func (s *Standing) Execute(ctx context.Context, database, statement string, args ...any) error {
	conn, err := pgx.Connect(ctx, s.URL(database))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement, args...)
	return errors.Join(err, conn.Close(ctx))
}

// Kill ends the server at once, as pg_ctl stop -m immediate does.
func (s *Standing) Kill() { s.server.process.end() }

// Resume starts a server again that was killed.
func (s *Standing) Resume() error {
	bin, err := programs()
	if err != nil {
		return err
	}
	return s.server.launch(bin)
}

// Replica starts a server that follows this one asynchronously.
func (s *Standing) Replica(ctx context.Context) (*Standing, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	r := &server{password: s.server.password}
	if r.folder, err = os.MkdirTemp("", "keywright-postgres-"); err != nil {
		return nil, err
	}
	if err := handOver(r.folder); err != nil {
		return nil, errors.Join(err, r.stop())
	}
	copying := exec.CommandContext(ctx, filepath.Join(bin, "pg_basebackup"), "-h", "127.0.0.1", "-p", strconv.Itoa(s.server.port),
		"-U", superuser, "-D", filepath.Join(r.folder, "data"), "-R", "-X", "stream", "-c", "fast", "--no-sync")
	copying.Dir, copying.SysProcAttr = r.folder, attributes()
	copying.Env = append(os.Environ(), "PGPASSWORD="+s.server.password)
	if out, err := copying.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("pg_basebackup: %w: %s", err, out), r.stop())
	}
	if r.port, err = freePort(); err == nil {
		err = r.launch(bin)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start a replica: %w", err), r.stop())
	}
	return &Standing{r}, nil
}

// Promote makes a replica the primary, and returns when it takes writes.
func (s *Standing) Promote(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return s.Execute(ctx, "postgres", "SELECT pg_promote()")
}

// Stop ends the server and removes its data.
func (s *Standing) Stop() error { return s.server.stop() }
