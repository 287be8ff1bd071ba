// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
)

const defaultListen = "127.0.0.1:8420"

type serveFlags struct {
	data, database, listen         string
	adminKeyFile, rootKeyFile      string
	newRootKey                     bool
	revocationLog                  string
	personalLife                   time.Duration
	tlsCert, tlsKey                string
	logLevel, logFormat            string
	logVerifications, noGenerate   bool
	generateOrigins                []string
	readTimeout, writeTimeout      time.Duration
	idleTimeout, drain, stopWithin time.Duration
	otlpEndpoint                   string
}

func (s *session) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Run the server: the API over HTTP, with an embedded store, or with one in a PostgreSQL database.

On an empty store it makes the first service key, once. If it listens on this machine alone, the key goes to
the profile local of the user who starts it, so that the other commands work at once. Otherwise it is shown if
standard error is a terminal, and else written to --admin-key-file.

Ends in good order on SIGINT or SIGTERM, and at once on the second one.`,
		Example: `  keywright serve
  keywright serve --data /var/lib/keywright --listen 0.0.0.0:8420 --tls-cert cert.pem --tls-key key.pem
  keywright serve --listen 127.0.0.1:0 --data ./data --log-format text`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.serve(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	addDataFlag(flags, &f.data)
	addDatabaseFlag(flags, &f.database)
	flags.StringVar(&f.listen, "listen", defaultListen, "listen at `ADDRESS`; port 0 takes a free one")
	flags.StringVar(&f.adminKeyFile, "admin-key-file", "", "write the first service key to `FILE` of mode 0600 (default admin-key in the data folder, where it is not shown)")
	flags.StringVar(&f.rootKeyFile, "root-key-file", "", "seal what the server must be able to read with the root key in `FILE` of mode 0600, made where it is missing (default root.key in the data folder)")
	flags.BoolVar(&f.newRootKey, "new-root-key", false, "make a root key although the store holds what another one sealed, which is lost")
	flags.StringVar(&f.revocationLog, "revocation-log", "", "write what is taken away from keys to `FILE` as well, on another disk: a restore needs it")
	addDuration(flags, &f.personalLife, "personal-life", 0, "erase addresses, owners and names from events that are older than `TIME` (default never)")
	flags.StringVar(&f.tlsCert, "tls-cert", "", "serve TLS with the certificates in `FILE` (PEM); read again when it changes")
	flags.StringVar(&f.tlsKey, "tls-key", "", "serve TLS with the private key in `FILE` (PEM)")
	choice(cmd, &f.logLevel, "log-level", "info", "log from `LEVEL` on: debug, info, warn or error", "debug", "info", "warn", "error")
	choice(cmd, &f.logFormat, "log-format", "", "log as `FORM`: text or json (default text on a terminal, and else json)", asText, asJSON)
	flags.BoolVar(&f.logVerifications, "log-verifications", false, "log every verification, not only count it")
	flags.StringVar(&f.otlpEndpoint, "otlp-endpoint", "", "send traces and metrics to the OpenTelemetry collector at `URL`, such as http://127.0.0.1:4318 (default OTEL_EXPORTER_OTLP_ENDPOINT)")
	flags.BoolVar(&f.noGenerate, "no-generate", false, "do not serve /api/sec-api-key-generate, which makes keys for anyone")
	flags.StringSliceVar(&f.generateOrigins, "generate-origin", nil, "let pages of the web `ORIGIN` call it (repeat; * for all)")
	addDuration(flags, &f.readTimeout, "read-timeout", 30*time.Second, "let a request take `TIME` to arrive")
	addDuration(flags, &f.writeTimeout, "write-timeout", time.Minute, "let an answer take `TIME`")
	addDuration(flags, &f.idleTimeout, "idle-timeout", 2*time.Minute, "keep a connection that is not used for `TIME`")
	addDuration(flags, &f.drain, "drain", 3*time.Second, "at the end, tell clients that are connected to go, for `TIME` at most, before the doors close")
	addDuration(flags, &f.stopWithin, "stop-timeout", 30*time.Second, "at the end, let requests that are under way take `TIME`")
	return cmd
}

func (s *session) serve(ctx context.Context, f *serveFlags) error {
	log := s.logger(f)
	place, err := s.storePlace(f.data, f.database)
	if err != nil {
		return err
	}
	o := server.Options{
		Logger: log, Version: thisBuild().Version,
		NoGenerate: f.noGenerate, GenerateOrigins: f.generateOrigins, LogVerifications: f.logVerifications,
		ReadTimeout: f.readTimeout, WriteTimeout: f.writeTimeout, IdleTimeout: f.idleTimeout,
		Drain: max(f.drain, time.Nanosecond), StopTimeout: f.stopWithin,
	}
	watch, stopWatching, err := s.watch(ctx, f, &o)
	if err != nil {
		return err
	}
	defer stopWatching()
	door, err := listen(ctx, f)
	if err != nil {
		return err
	}
	defer door.Close()
	store, err := openPlace(ctx, place, "keywright serve, "+door.url, log, false)
	if err != nil {
		return err
	}
	defer closeStore(store, log)
	rules := authority.Options{Store: store, Clock: s.now, Random: rand.Reader, Logger: log, PersonalLife: f.personalLife, Observer: watch}
	if rules.Sealer, err = s.sealer(ctx, f, place.dir, store); err != nil {
		return err
	}
	if f.revocationLog != "" {
		taken, err := openRevocationLog(f.revocationLog)
		if err != nil {
			return err
		}
		defer taken.Close()
		rules.RevocationLog = taken
	}
	// The authority outlives the signal to end: requests that are under way still need it.
	a, err := authority.Open(context.WithoutCancel(ctx), rules)
	if err != nil {
		return unknowable("the store cannot be read", "keywright doctor looks at it", err)
	}
	defer a.Close()
	warnOf(ctx, a, log)
	o.Authority = a
	web, err := server.New(o)
	if err != nil {
		return err
	}
	start := starter{s: s, authority: a, door: door, dir: place.dir, adminKeyFile: f.adminKeyFile}
	if err := start.firstKey(ctx); err != nil {
		return err
	}
	s.announce(f, log, start.lines())
	return web.Serve(ctx, door)
}

// announce says that the server is ready: lines for people, or events of the log where it is for programs.
func (s *session) announce(f *serveFlags, log *slog.Logger, lines []string) {
	for _, line := range lines {
		if f.logsText(s) {
			s.say("%s", line)
		} else {
			log.Info(line)
		}
	}
}

func (f *serveFlags) logsText(s *session) bool {
	return f.logFormat == asText || f.logFormat == "" && isTerminal(s.stderr)
}

func (s *session) logger(f *serveFlags) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(f.logLevel)) // one of the words that the flag takes
	o := &slog.HandlerOptions{Level: level}
	if f.logsText(s) {
		return slog.New(slog.NewTextHandler(s.stderr, o))
	}
	return slog.New(slog.NewJSONHandler(s.stderr, o))
}

// A storePlace is where a store is: in a database, or else in a folder.
type storePlace struct{ dir, url string }

func (s *session) storePlace(data, database string) (p storePlace, err error) {
	if p.url, err = s.databaseURL(database); err == nil {
		p.dir, err = s.dataPath(data)
	}
	return p, err
}

// word is what a place is called on the command line.
func (p storePlace) word() string {
	if p.url == "" {
		return "--data"
	}
	return "database"
}

// openPlace opens a store where it is. One that must exist is not made in a database; callers look into a folder first.
func openPlace(ctx context.Context, p storePlace, holder string, log *slog.Logger, existing bool) (authority.Store, error) {
	if p.url == "" {
		return openStore(ctx, p.dir, holder)
	}
	return openDatabase(ctx, p.url, holder, log, existing)
}

// openStore opens the store in a folder and says what to do where it cannot.
func openStore(ctx context.Context, dir, holder string) (*sqlite.Store, error) {
	store, err := sqlite.Open(ctx, dir, sqlite.Options{Holder: holder})
	if err == nil {
		return store, nil
	}
	return nil, storeFailure(dir, err)
}

func storeFailure(dir string, err error) error {
	var inUse *sqlite.InUseError
	var newer *sqlite.NewerError
	switch {
	case errors.As(err, &inUse):
		return unknowable(inUseText(inUse), "one process at a time has a store open: stop that one, or name another folder with --data", nil)
	case errors.As(err, &newer):
		return unknowable("a newer version wrote the store in "+dir, "it was not touched: upgrade keywright", newer)
	case errors.Is(err, sqlite.ErrNotOurs):
		return unknowable("the file in "+dir+" is not of Keywright", "it was not touched: move it away, or name another folder with --data", nil)
	case ctxEnded(err):
		return err
	}
	return unknowable("the store in "+dir+" cannot be opened: "+plainPathError(err), "look at who may write to the folder, or name another with --data", nil)
}

// inUseText says who has a store open.
func inUseText(e *sqlite.InUseError) string {
	text := "the store in " + e.Path + " is in use by "
	if e.Process == 0 {
		return text + "another process"
	}
	return fmt.Sprintf("%s%s (process %d, since %s)", text, e.Holder, e.Process, timeText(e.Since))
}

func ctxEnded(err error) bool { return errors.Is(err, context.Canceled) }

func closeStore(store authority.Store, log *slog.Logger) {
	if err := store.Close(); err != nil {
		log.Error("the store was not closed in good order", "error", err)
	}
}

// isLoopback reports whether only this machine reaches an address.
func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
