// SPDX-License-Identifier: Apache-2.0

// Package server is the HTTP door of an authority.
//
//	s, err := server.New(server.Options{Authority: a, Logger: logger})
//	err = s.Serve(ctx, listener) // until ctx ends; then in good order
//
// A request passes, in this order: a request id and the security headers; the table of access.go, which says who may call
// what; limits on body and query; the handler. Whatever is refused is refused with a problem document that never repeats
// what was sent. There is one log event for each request, without bodies, headers or query strings.
//
// The control routes are served by huma, which also generates the OpenAPI document from the types of package api; bodies
// are read by the strict decoder of this package instead of huma's, whose errors repeat them. POST /v1/verify is written
// by hand, and so is /v1/auth: they are what gateways wait for.
package server

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/gateway"
)

// Options say what a server serves and how. Authority is needed; the zero value of the rest works.
type Options struct {
	Authority *authority.Authority
	Logger    *slog.Logger         // nil: silent
	Registry  *prometheus.Registry // what /metrics shows, the server's own figures added; nil: those alone
	Version   string               // of the program, for the signpost at / and the metrics
	Trace     Trace                // makes a span of each request; nil: none

	// ProxyNetworks are those of the proxies that may ask over /v1/auth without a service key, and whose word counts for
	// what they ask about. Nil: this machine; empty: none.
	ProxyNetworks []netip.Prefix

	NoGenerate       bool      // switches POST /api/sec-api-key-generate off
	GenerateOrigins  []string  // web origins whose pages may call it; "*": all
	Random           io.Reader // for the keys it makes; nil: the operating system's generator
	LogVerifications bool      // log every verification at info; else they are counted, and logged at debug

	// MCP makes the handler of /mcp from that of the server, which answers what its tools ask; nil: it is not served.
	MCP func(server http.Handler) http.Handler

	// Pages serves /console and /generate; nil: they are not there.
	Pages http.Handler

	ReadHeaderTimeout time.Duration // 10 s
	ReadTimeout       time.Duration // of a request with its body, and of a line of a stream: 30 s
	WriteTimeout      time.Duration // of a response: 60 s
	IdleTimeout       time.Duration // of a connection between requests: 2 min
	Drain             time.Duration // at the end: how long clients are told to go before doors close: 3 s
	StopTimeout       time.Duration // at the end: how long requests that are under way may take: 30 s

	TLS                *tls.Config // what Serve speaks on listeners of the network; nil: none
	NoHSTS             bool        // leaves Strict-Transport-Security out of answers over TLS
	UnencryptedHTTP2   bool        // takes HTTP/2 without TLS, from clients that know beforehand
	ClientCertificates bool        // demands a verified one on every route but those that access.go excepts

	MaxConnections           int // open at a time; new ones beyond are closed: 10,000
	MaxConnectionsPerAddress int // of one address, or of one /64 of IPv6; 0: no bound of their own
}

// A Server serves an authority. It is an http.Handler; Serve also runs it.
type Server struct {
	authority *authority.Authority
	gateway   *gateway.Gateway
	log       *slog.Logger
	options   Options
	mux       *router
	api       huma.API
	document  []byte // openapi.json
	docs      []byte // the page of it
	ids       ids
	metrics   *metrics
	ready     readiness
	draining  atomic.Bool

	connections *connections
	stopping    chan struct{} // closed when the server ends: nobody waits any more

	revoking *limiter // POST /v1/revoke-self, by address
	holding  *limiter // POST /v1/keys/{id}/children with a key that is no service key, by address
	trading  *limiter // POST /v1/exchange that fails, by address
	making   *limiter // POST /api/sec-api-key-generate, by address
	calling  *limiter // /mcp, by address

	once      *onceKeys // new keys behind links
	revealing *limiter  // POST /v1/once/{token}, by address
	waiting   seats     // GET /v1/events that waits
	signing   *limiter  // POST /v1/sessions that fails, by address
}

// New returns a server.
func New(o Options) (*Server, error) {
	if o.Authority == nil {
		return nil, errors.New("server.New needs an Authority")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.ProxyNetworks == nil {
		o.ProxyNetworks = gateway.Loopback()
	}
	setDefault(&o.ReadHeaderTimeout, 10*time.Second)
	setDefault(&o.ReadTimeout, 30*time.Second)
	setDefault(&o.WriteTimeout, time.Minute)
	setDefault(&o.IdleTimeout, 2*time.Minute)
	setDefault(&o.Drain, 3*time.Second)
	setDefault(&o.StopTimeout, 30*time.Second)
	if o.MaxConnections == 0 {
		o.MaxConnections = 10_000
	}
	s := &Server{
		authority: o.Authority, gateway: gateway.New(o.Authority, o.ProxyNetworks), log: o.Logger, options: o, mux: newRouter(), ids: newIDs(),
		revoking: newLimiter(1, 10), holding: newLimiter(20, 100), trading: newLimiter(5, 50), stopping: make(chan struct{}), making: newLimiter(20, 100), calling: newLimiter(100, 500),
		once: newOnceKeys(), revealing: newLimiter(1, 20), signing: newLimiter(0.2, 10),
		connections: newConnections(&o),
	}
	var err error
	if s.metrics, err = newMetrics(o.Registry, o.Authority); err != nil {
		return nil, err
	}
	if err = s.registerState(o.Registry); err != nil {
		return nil, err
	}
	s.routes()
	return s, s.finishDocument()
}

func setDefault(d *time.Duration, to time.Duration) {
	if *d == 0 {
		*d = to
	}
}

// routes registers every route. Each has its row in the table of access.go, or it is not served.
func (s *Server) routes() {
	s.api = newAPI(s.mux)
	s.registerKeys()
	s.registerRotation()
	s.registerChildren()
	s.registerCredits()
	s.registerOwners()
	s.registerUsage()
	s.registerKeyspaces()
	s.registerPeppers()
	s.registerSigningKeys()
	s.registerEvents()
	s.registerWebhooks()
	s.registerNodes()
	s.mux.HandleFunc("POST "+api.PathVerify, s.verify)
	s.mux.HandleFunc("POST "+api.PathVerifyBatch, s.verifyBatch)
	s.mux.HandleFunc(api.PathAuth, s.misplaced)
	s.mux.HandleFunc(api.PathAuthBelow, s.misplaced)
	s.mux.HandleFunc("GET "+api.PathBackup, s.backup)
	s.mux.HandleFunc("POST "+api.PathBulk, s.bulk)
	s.mux.HandleFunc("POST "+api.PathImport, s.importKeys)
	s.mux.HandleFunc("GET "+api.PathExport, s.exportKeys)
	s.mux.HandleFunc("POST "+api.PathRevokeSelf, s.revokeSelf)
	s.mux.HandleFunc("GET "+api.PathOnce, s.oncePage)
	s.mux.HandleFunc("POST "+api.PathOnce, s.reveal)
	s.mux.HandleFunc("POST "+api.PathExchange, s.exchange)
	s.mux.HandleFunc("GET "+api.PathKeySet, s.keySet)
	s.mux.HandleFunc("POST "+api.PathSessions, s.signIn)
	s.mux.HandleFunc("GET "+api.PathSessions, s.showSession)
	s.mux.HandleFunc("DELETE "+api.PathSessions, s.signOut)
	if !s.options.NoGenerate {
		s.mux.HandleFunc(api.PathGenerate, s.generate)
	}
	if s.options.MCP != nil {
		s.mux.HandleFunc(api.PathMCP, s.mcp(s.options.MCP(s)))
	}
	s.mux.HandleFunc("GET "+api.PathLive, s.live)
	s.mux.HandleFunc("GET "+api.PathReady, s.isReady)
	s.mux.HandleFunc("GET "+api.PathMetrics, s.metrics.serve)
	s.mux.HandleFunc("GET "+api.PathOpenAPI, s.openAPI)
	s.mux.HandleFunc("GET "+api.PathDocs, s.docsPage)
	if s.options.Pages != nil {
		for _, pattern := range pages {
			s.mux.HandleFunc(pattern, s.options.Pages.ServeHTTP)
		}
	}
	s.mux.HandleFunc("GET /{$}", s.signpost)
}

// OpenAPI returns the document of the interface, as GET /openapi.json does.
func (s *Server) OpenAPI() []byte { return s.document }

// ambiguous reports whether another reader could take the body for longer or shorter than it was. A request with both a
// length and chunks is one: net/http reads the chunks and forgets the length, so any request in chunks could be. What
// follows it on the connection is not read (RFC 9112, 6.1). HTTP/2 frames bodies otherwise.
func ambiguous(r *http.Request) bool { return r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() || ambiguous(r) {
		w.Header().Set("Connection", "close")
	}
	if r.Method == http.MethodPost && r.URL.Path == api.PathVerify {
		s.verify(w, r)
		return
	}
	if strings.HasPrefix(r.RequestURI, authPrefix) {
		s.forward(w, r)
		return
	}
	s.serve(w, r)
}
