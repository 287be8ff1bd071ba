// SPDX-License-Identifier: Apache-2.0

package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

var errNotInstalled = errors.New("no PostgreSQL is installed: no initdb in /usr/lib/postgresql/*/bin, nor in pg_config --bindir, nor on PATH")

const superuser = "keywright"

// A server is a PostgreSQL in a folder of its own, on a loopback port, with a password.
type server struct {
	folder   string
	port     int
	password string
	process  *process
}

// programs returns the folder of the newest PostgreSQL that is installed.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		newest := slices.MaxFunc(found, func(a, b string) int { return major(a) - major(b) })
		return filepath.Dir(newest), nil
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dir := strings.TrimSpace(string(out))
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errNotInstalled
}

// major is the version in the path of a program of Debian's packages.
func major(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

func startServer() (s *server, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s = &server{password: rand.Text()}
	if s.folder, err = os.MkdirTemp("", "keywright-postgres-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("cannot start PostgreSQL: %w", err), s.stop())
			s = nil
		}
	}()
	secret := filepath.Join(s.folder, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		return s, err
	}
	if err := handOver(s.folder, secret); err != nil {
		return s, err
	}
	data := filepath.Join(s.folder, "data")
	initialize := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", superuser, "--pwfile", secret,
		"--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
	initialize.Dir = s.folder
	initialize.SysProcAttr = attributes()
	if out, err := initialize.CombinedOutput(); err != nil {
		return s, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if s.port, err = freePort(); err != nil {
		return s, err
	}
	return s, s.launch(bin)
}

// launch starts the server on its data and waits until it answers.
func (s *server) launch(bin string) (err error) {
	s.process, err = startProcess(filepath.Join(s.folder, "log"), s.folder, filepath.Join(bin, "postgres"), "-D", filepath.Join(s.folder, "data"),
		"-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "autovacuum=off")
	if err != nil {
		return err
	}
	return s.waitReady()
}

// freePort asks the system for one. Somebody else could take it before the server does; it then does not start.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *server) waitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return s.withLog(err)
		case <-s.process.ended:
			return s.withLog(errors.New("it ended at once"))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *server) withLog(err error) error {
	log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
	return fmt.Errorf("%w; its log: %s", err, log)
}

func (s *server) url(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// stop ends the server at once: nobody needs its data.
func (s *server) stop() error {
	if s.process != nil {
		s.process.end()
	}
	return os.RemoveAll(s.folder)
}
