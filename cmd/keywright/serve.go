// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/console"
	"github.com/keywright/keywright/internal/mcp"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
)

const defaultListen = "127.0.0.1:8420"

type serveFlags struct {
	data, database                 string
	listen                         []string
	socketMode                     string
	adminKeyFile, rootKeyFile      string
	newRootKey                     bool
	revocationLog                  string
	personalLife                   time.Duration
	issuer                         string
	signingKeyLife                 time.Duration
	sessionIdle, sessionLife       time.Duration
	tlsCert, tlsKey, tlsClientCA   string
	noHSTS, h2c                    bool
	connections, perAddress        int
	logLevel, logFormat            string
	logVerifications, noGenerate   bool
	noMCP                          bool
	generateOrigins, mcpOrigins    []string
	proxyNetworks                  proxyList
	sending                        sendingFlags
	platforms                      platformFlags
	extAuthz                       extAuthzFlags
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
  keywright serve --listen 127.0.0.1:0 --data ./data --log-format text
  keywright serve --listen 127.0.0.1:8420 --listen unix:/run/keywright/keywright.sock`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.serve(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	addDataFlag(flags, &f.data)
	addDatabaseFlag(flags, &f.database)
	flags.StringSliceVar(&f.listen, "listen", []string{defaultListen}, "listen at `ADDRESS` (repeat): a host and a port, of which 0 takes a free one, or unix:PATH, a Unix socket")
	flags.StringVar(&f.socketMode, "socket-mode", defaultSocketMode, "give Unix sockets the `MODE`: whoever may write to one counts as this machine")
	flags.StringVar(&f.adminKeyFile, "admin-key-file", "", "write the first service key to `FILE` of mode 0600 (default admin-key in the data folder, where it is not shown)")
	flags.StringVar(&f.rootKeyFile, "root-key-file", "", "seal what the server must be able to read with the root key in `FILE` of mode 0600, made where it is missing (default root.key in the data folder)")
	flags.BoolVar(&f.newRootKey, "new-root-key", false, "make a root key although the store holds what another one sealed, which is lost")
	flags.StringVar(&f.revocationLog, "revocation-log", "", "write what is taken away from keys to `FILE` as well, on another disk: a restore needs it")
	addDuration(flags, &f.personalLife, "personal-life", 0, "erase addresses, owners and names from events that are older than `TIME` (default never)")
	flags.StringVar(&f.issuer, "issuer", authority.DefaultIssuer, "name `NAME` in tokens as who made them, such as https://keys.example.com")
	addDuration(flags, &f.signingKeyLife, "signing-key-life", authority.DefaultSigningKeyLife, "sign tokens with another key every `TIME`, 4h at least")
	addDuration(flags, &f.sessionIdle, "session-idle", authority.DefaultSessionIdle, "end a session of the console that is not used for `TIME`")
	addDuration(flags, &f.sessionLife, "session-life", authority.DefaultSessionLife, "end a session of the console after `TIME`, however much it is used")
	flags.StringVar(&f.tlsCert, "tls-cert", "", "serve TLS with the certificates in `FILE` (PEM); read again when it changes")
	flags.StringVar(&f.tlsKey, "tls-key", "", "serve TLS with the private key in `FILE` (PEM)")
	flags.StringVar(&f.tlsClientCA, "tls-client-ca", "", "demand of whoever manages keys a client certificate that a CA in `FILE` (PEM) signed, besides the service key")
	flags.BoolVar(&f.noHSTS, "no-hsts", false, "do not tell browsers to ask this host over TLS alone")
	flags.BoolVar(&f.h2c, "h2c", false, "take HTTP/2 without TLS too, from proxies that speak it")
	choice(cmd, &f.logLevel, "log-level", "info", "log from `LEVEL` on: debug, info, warn or error", "debug", "info", "warn", "error")
	choice(cmd, &f.logFormat, "log-format", "", "log as `FORM`: text or json (default text on a terminal, and else json)", asText, asJSON)
	flags.BoolVar(&f.logVerifications, "log-verifications", false, "log every verification, not only count it")
	flags.StringVar(&f.otlpEndpoint, "otlp-endpoint", "", "send traces and metrics to the OpenTelemetry collector at `URL`, such as http://127.0.0.1:4318 (default OTEL_EXPORTER_OTLP_ENDPOINT)")
	flags.BoolVar(&f.noGenerate, "no-generate", false, "do not serve /api/sec-api-key-generate, which makes keys for anyone")
	flags.StringSliceVar(&f.generateOrigins, "generate-origin", nil, "let pages of the web `ORIGIN` call it (repeat; * for all)")
	flags.Var(&f.proxyNetworks, "proxy-network", "let proxies in the network `CIDR` ask over /v1/auth and ext_authz, and believe what they tell of requests (repeat; none for service keys alone; default this machine)")
	f.sending.add(cmd)
	f.platforms.add(cmd)
	flags.BoolVar(&f.noMCP, "no-mcp", false, "do not serve /mcp, the tools for AI agents")
	flags.StringSliceVar(&f.mcpOrigins, "mcp-origin", nil, "let pages of the web `ORIGIN` call /mcp, and take its host as a name of this server (repeat)")
	flags.IntVar(&f.connections, "max-connections", 10_000, "have `N` connections at most; new ones beyond are closed")
	flags.IntVar(&f.perAddress, "max-connections-per-address", 0, "have `N` of them at most with one address (default no bound but that of all)")
	f.extAuthz.add(flags)
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
	sender, err := f.sending.courier()
	if err != nil {
		return err
	}
	secured, err := tlsOf(f, log)
	if err != nil {
		return err
	}
	options := f.serverOptions(secured, log)
	if options.Platforms, err = f.platforms.platforms(); err != nil {
		return err
	}
	watch, stopWatching, err := s.watch(ctx, f, &options)
	if err != nil {
		return err
	}
	defer stopWatching()
	doors, err := listen(ctx, f)
	if err != nil {
		return err
	}
	defer doors.close()
	envoy, err := listenEnvoy(ctx, f, secured)
	if err != nil {
		return err
	}
	defer envoy.close()
	store, err := openPlace(ctx, place, "keywright serve, "+doors.names(), log, false)
	if err != nil {
		return err
	}
	defer closeStore(store, log)
	rules := authority.Options{
		Store: store, Clock: s.now, Random: rand.Reader, Logger: log, PersonalLife: f.personalLife,
		Sender: sender, Observer: watch, Issuer: f.issuer, SigningKeyLife: f.signingKeyLife,
		SessionIdle: f.sessionIdle, SessionLife: f.sessionLife,
	}
	a, closeRules, err := s.openAuthority(ctx, f, place.dir, rules)
	if err != nil {
		return err
	}
	defer closeRules()
	warnOf(ctx, a, log)
	options.Authority = a
	web, err := server.New(options)
	if err != nil {
		return err
	}
	start := starter{s: s, authority: a, doors: doors, dir: place.dir, adminKeyFile: f.adminKeyFile}
	if err := start.firstKey(ctx); err != nil {
		return err
	}
	s.announce(f, log, append(start.lines(), envoy.lines()...))
	return serveAll(ctx, f, a, web, doors, envoy, options.Registry, log)
}

func (f *serveFlags) checkConnections() error {
	if f.connections < 1 || f.perAddress < 0 {
		return misused("--max-connections is not above 0, or --max-connections-per-address below", "leave them out, or give a number of connections")
	}
	return nil
}

// openAuthority opens what judges, with its root key and its revocation log.
func (s *session) openAuthority(ctx context.Context, f *serveFlags, dir string, o authority.Options) (*authority.Authority, func(), error) {
	err := o.CheckTokens()
	if err != nil {
		return nil, nil, misused(err.Error(), "--issuer and --signing-key-life say how tokens are made")
	}
	if err := o.CheckSessions(); err != nil {
		return nil, nil, misused(err.Error(), "--session-idle and --session-life say when sessions of the console end")
	}
	if o.Sealer, err = s.sealer(ctx, f, dir, o.Store); err != nil {
		return nil, nil, err
	}
	closeLog := func() {}
	if f.revocationLog != "" {
		taken, err := openRevocationLog(f.revocationLog)
		if err != nil {
			return nil, nil, err
		}
		closeLog = func() { _ = taken.Close() }
		o.RevocationLog = taken
	}
	// The authority outlives the signal to end: requests that are under way still need it.
	a, err := authority.Open(context.WithoutCancel(ctx), o)
	if err != nil {
		closeLog()
		return nil, nil, unknowable("the store cannot be read", "keywright doctor looks at it", err)
	}
	return a, func() {
		a.Close()
		closeLog()
	}, nil
}

func (f *serveFlags) serverOptions(secured *tls.Config, log *slog.Logger) server.Options {
	return server.Options{
		Logger: log, Version: thisBuild().Version, MCP: f.mcp(log), Pages: console.Handler(),
		NoGenerate: f.noGenerate, GenerateOrigins: f.generateOrigins, LogVerifications: f.logVerifications,
		ProxyNetworks: f.proxyNetworks.networks,
		ReadTimeout:   f.readTimeout, WriteTimeout: f.writeTimeout, IdleTimeout: f.idleTimeout,
		Drain: max(f.drain, time.Nanosecond), StopTimeout: f.stopWithin,
		TLS: secured, NoHSTS: f.noHSTS, UnencryptedHTTP2: f.h2c, ClientCertificates: f.tlsClientCA != "",
		MaxConnections: f.connections, MaxConnectionsPerAddress: f.perAddress,
	}
}

// mcp returns what makes the handler of /mcp, or nil.
func (f *serveFlags) mcp(log *slog.Logger) func(http.Handler) http.Handler {
	if f.noMCP {
		return nil
	}
	return func(s http.Handler) http.Handler {
		links, _ := s.(mcp.Links) // a *server.Server keeps keys behind links
		return mcp.Handler(mcp.HTTPOptions{Server: s, Links: links, Origins: f.mcpOrigins, Version: thisBuild().Version, Logger: log, NoGenerate: f.noGenerate})
	}
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
