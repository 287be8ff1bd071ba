// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/gateway"
	"github.com/keywright/keywright/internal/partner"
)

// access says who may call a route, and how large its body may be.
type access struct {
	anyone   bool     // without a service key
	loopback bool     // without a service key from this machine
	scopes   []string // of which a service key needs one; the authority decides about what is acted on
	media    []string // the types of body that it reads; nil: any, or none
	body     int64    // bytes; stream: by line
	holder   bool     // also by who holds the key of the path
	proxy    bool     // by proxies, which the handler admits
	note     string   // who may call it, in words, where the scopes alone do not tell
	quiet    bool     // logged at debug
	slow     bool     // may take longer to answer than others
	certless bool     // without a client certificate too, where those are demanded
	self     bool     // any service key, about itself, whatever its scopes
	signIn   bool     // the handler judges the service key
	keyOnly  bool     // with the service key itself, and not with a session of it
}

const (
	smallBody = 64 << 10
	largeBody = 256 << 10 // of what carries metadata, which may be 64 KiB before it is escaped
	leaksBody = 4 << 20   // of 1,000 keys
	selfBody  = 2 << 20   // of 1,000 keys that their holder ends
	stream    = -1
)

var (
	jsonOnly    = []string{api.MediaJSON}
	linesOnly   = []string{api.MediaLines}
	jsonOrLines = []string{api.MediaJSON, api.MediaLines}
	linesOrCSV  = []string{api.MediaLines, api.MediaCSV}
)

// needs returns the scopes of a verb. On the reserved keyspace every verb needs admin:write instead, so whoever has that
// is let in and the authority looks at the keyspace.
func needs(scope string) []string { return []string{scope, authority.ScopeAdmin} }

// table is the one place that says who may call what. A route without a row is not served.
var table = map[string]access{
	"POST " + api.PathVerify:      {scopes: needs(authority.ScopeVerify), media: jsonOnly, body: smallBody, quiet: true, certless: true},
	"POST " + api.PathVerifyBatch: {scopes: needs(authority.ScopeVerify), media: linesOnly, body: stream, quiet: true, certless: true, keyOnly: true},

	api.PathAuth:      {proxy: true, quiet: true, certless: true, note: proxyNote},
	api.PathAuthBelow: {proxy: true, quiet: true, certless: true, note: proxyNote},

	"POST " + api.PathKeys:    {scopes: needs(authority.ScopeIssue), media: jsonOrLines, body: largeBody},
	"GET " + api.PathKeys:     {scopes: needs(authority.ScopeRead)},
	"GET " + api.PathKey:      {scopes: needs(authority.ScopeRead)},
	"PATCH " + api.PathKey:    {scopes: needs(authority.ScopeWrite), media: jsonOnly, body: largeBody},
	"DELETE " + api.PathKey:   {scopes: needs(authority.ScopeRevoke)},
	"POST " + api.PathDisable: {scopes: needs(authority.ScopeWrite)},
	"POST " + api.PathEnable:  {scopes: needs(authority.ScopeWrite)},
	"POST " + api.PathRevoke:  {scopes: needs(authority.ScopeRevoke), media: jsonOnly, body: smallBody},

	"POST " + api.PathRotate:   {scopes: needs(authority.ScopeRotate), media: jsonOnly, body: smallBody},
	"POST " + api.PathEndGrace: {scopes: needs(authority.ScopeRotate), media: jsonOnly, body: smallBody},
	"POST " + api.PathChildren: {scopes: needs(authority.ScopeIssue), holder: true, media: jsonOnly, body: largeBody, note: childrenNote},
	"POST " + api.PathBulk:     {scopes: bulkScopes, media: jsonOnly, body: smallBody, note: bulkNote},

	"GET " + api.PathCredits:  {scopes: needs(authority.ScopeRead)},
	"POST " + api.PathCredits: {scopes: needs(authority.ScopeWrite), media: jsonOnly, body: smallBody},
	"GET " + api.PathLedger:   {scopes: needs(authority.ScopeRead)},

	"GET " + api.PathOwners:        {scopes: []string{authority.ScopeOwnersRead}},
	"GET " + api.PathOwner:         {scopes: []string{authority.ScopeOwnersRead}},
	"PUT " + api.PathOwner:         {scopes: []string{authority.ScopeOwnersWrite}, media: jsonOnly, body: smallBody},
	"DELETE " + api.PathOwner:      {scopes: []string{authority.ScopeOwnersWrite}},
	"GET " + api.PathOwnerCredits:  {scopes: []string{authority.ScopeOwnersRead}},
	"POST " + api.PathOwnerCredits: {scopes: []string{authority.ScopeOwnersWrite}, media: jsonOnly, body: smallBody},
	"GET " + api.PathOwnerLedger:   {scopes: []string{authority.ScopeOwnersRead}},

	"GET " + api.PathUsage:     {scopes: needs(authority.ScopeUsage)},
	"GET " + api.PathStats:     {scopes: []string{authority.ScopeUsage}},
	"POST " + api.PathImport:   {scopes: needs(authority.ScopeImport), media: linesOrCSV, body: stream},
	"GET " + api.PathExport:    {scopes: needs(authority.ScopeExport), slow: true},
	"GET " + api.PathPeppers:   {scopes: []string{authority.ScopeAdmin}},
	"POST " + api.PathPeppers:  {scopes: []string{authority.ScopeAdmin}, media: jsonOnly, body: smallBody},
	"DELETE " + api.PathPepper: {scopes: []string{authority.ScopeAdmin}, slow: true}, // reads every record

	"GET " + api.PathKeyspaces:  {scopes: []string{authority.ScopeKeyspacesRead}},
	"POST " + api.PathKeyspaces: {scopes: needs(authority.ScopeKeyspacesWrite), media: jsonOnly, body: largeBody}, // of 200 routes
	"GET " + api.PathKeyspace:   {scopes: needs(authority.ScopeKeyspacesRead)},
	"PATCH " + api.PathKeyspace: {scopes: needs(authority.ScopeKeyspacesWrite), media: jsonOnly, body: largeBody},

	"GET " + api.PathEvents: {scopes: []string{authority.ScopeAudit}, slow: true}, // may wait
	"GET " + api.PathChain:  {scopes: []string{authority.ScopeAudit}, slow: true}, // reads every event
	"POST " + api.PathChain: {scopes: []string{authority.ScopeAudit}, media: jsonOnly, body: largeBody, slow: true},

	"GET " + api.PathCheckpoints:  {scopes: []string{authority.ScopeAudit}},
	"POST " + api.PathCheckpoints: {scopes: []string{authority.ScopeAuditWrite}, media: jsonOnly, body: smallBody},
	"POST " + api.PathErase:       {scopes: []string{authority.ScopeAuditWrite}, media: jsonOnly, body: smallBody, slow: true},
	"POST " + api.PathPrune:       {scopes: []string{authority.ScopeAuditWrite}, media: jsonOnly, body: smallBody, slow: true},
	"GET " + api.PathBackup:       {scopes: []string{authority.ScopeBackup}, slow: true},

	"GET " + api.PathRevocations: {scopes: needs(authority.ScopeVerify), quiet: true, slow: true, certless: true}, // waits
	"GET " + api.PathSigningKeys: {scopes: []string{authority.ScopeAdmin}},

	"POST " + api.PathRotateSigningKeys: {scopes: []string{authority.ScopeAdmin}, media: jsonOnly, body: smallBody},

	"POST " + api.PathSessions:   {self: true, signIn: true, keyOnly: true, note: sessionNote},
	"GET " + api.PathSessions:    {self: true, quiet: true, note: sessionNote},
	"DELETE " + api.PathSessions: {self: true, note: sessionNote},

	"POST " + api.PathExchange:       {anyone: true, media: jsonOnly, body: smallBody, quiet: true}, // the key itself is in the header
	"GET " + api.PathKeySet:          {anyone: true, quiet: true},
	"GET " + api.PathWebhooks:        {scopes: []string{authority.ScopeWebhooksRead}},
	"GET " + api.PathWebhook:         {scopes: []string{authority.ScopeWebhooksRead}},
	"GET " + api.PathDeliveries:      {scopes: []string{authority.ScopeWebhooksRead}},
	"POST " + api.PathWebhooks:       {scopes: []string{authority.ScopeWebhooksWrite}, media: jsonOnly, body: smallBody},
	"PATCH " + api.PathWebhook:       {scopes: []string{authority.ScopeWebhooksWrite}, media: jsonOnly, body: smallBody},
	"DELETE " + api.PathWebhook:      {scopes: []string{authority.ScopeWebhooksWrite}, slow: true}, // ends what is under way
	"POST " + api.PathWebhookSecret:  {scopes: []string{authority.ScopeWebhooksWrite}, media: jsonOnly, body: smallBody},
	"POST " + api.PathWebhookEnable:  {scopes: []string{authority.ScopeWebhooksWrite}, media: jsonOnly, body: smallBody},
	"POST " + api.PathWebhookDisable: {scopes: []string{authority.ScopeWebhooksWrite}},
	"POST " + api.PathWebhookTest:    {scopes: []string{authority.ScopeWebhooksWrite}, slow: true}, // waits for the receiver
	"POST " + api.PathReplay:         {scopes: []string{authority.ScopeWebhooksWrite}, media: jsonOnly, body: smallBody},
	"POST " + api.PathDrop:           {scopes: []string{authority.ScopeWebhooksWrite}, media: jsonOnly, body: smallBody},

	"POST " + api.PathLeaks: {scopes: []string{authority.ScopeLeaksReport}, media: jsonOnly, body: leaksBody},
	"GET " + api.PathLeaks:  {scopes: []string{authority.ScopeLeaksRead}},
	"GET " + api.PathLeak:   {scopes: []string{authority.ScopeLeaksRead}},

	"POST " + api.PathLeaksGitHub: {anyone: true, media: jsonOnly, body: partner.MaxBody}, // signed
	"POST " + api.PathLeaksGitLab: {anyone: true, media: jsonOnly, body: partner.MaxBody}, // signed, or with the token
	"GET " + api.PathLeaksGitLab:  {anyone: true, quiet: true},                            // with the token

	"POST " + api.PathRevokeSelf: {anyone: true, media: jsonOnly, body: selfBody},
	"GET " + api.PathOnce:        {anyone: true, quiet: true},
	"POST " + api.PathOnce:       {anyone: true, body: smallBody},
	api.PathGenerate:             {anyone: true, body: stream, quiet: true}, // judges bodies in its own way
	api.PathMCP:                  {anyone: true, body: stream},              // its tools call the routes above with the key that it was shown
	"GET " + api.PathLive:        {anyone: true, quiet: true},
	"GET " + api.PathReady:       {anyone: true, quiet: true},
	"GET " + api.PathMetrics:     {loopback: true, scopes: []string{authority.ScopeMetrics}, quiet: true, certless: true, keyOnly: true},
	"GET " + api.PathOpenAPI:     {anyone: true},
	"GET " + api.PathDocs:        {anyone: true},
	"GET /{$}":                   {anyone: true},

	"GET /generate":           {anyone: true, quiet: true},
	"GET /generate/{path...}": {anyone: true, quiet: true},
	"GET /console":            {anyone: true, quiet: true},
	"GET /console/{path...}":  {anyone: true, quiet: true},
}

// pages are those of package console, which is handed in.
var pages = []string{"GET /generate", "GET /generate/{path...}", "GET /console", "GET /console/{path...}"}

// bulkScopes are those of the verbs; the authority decides by the verb that is asked for.
var bulkScopes = []string{authority.ScopeRevoke, authority.ScopeWrite, authority.ScopeRotate, authority.ScopeAdmin}

const (
	bulkNote = "Needs the scope of the verb, " + authority.ScopeRevoke + ", " + authority.ScopeWrite + " (disable, enable) or " +
		authority.ScopeRotate + ", and " + authority.ScopeRead + "; on the keyspace " + authority.ReservedKeyspace + " " + authority.ScopeAdmin + "."
	childrenNote = "Needs the scope " + authority.ScopeIssue + "; or, in place of a service key, the parent key itself with the scope " +
		authority.ScopeChildren + ", which no wildcard grants."
	sessionNote = "For any service key, about itself."
	proxyNote   = "For proxies: those in a network that the server was started with (--proxy-network, by default this machine), those at a Unix " +
		"socket, and those that send a service key with the scope " + authority.ScopeVerify + " in " + gateway.HeaderProxy + "."
)

// rowOf returns the row of an operation of the document, which writes some patterns differently.
func rowOf(method, path string) access {
	for _, pattern := range []string{method + " " + path, path, method + " " + path + "{$}", strings.ReplaceAll(path, "{path}", "{path...}")} {
		if row, ok := table[pattern]; ok {
			return row
		}
	}
	return access{}
}

// admit decides whether a request may pass, and sets the caller.
func (s *Server) admit(r *http.Request, c *call, row access) *api.Problem {
	if s.options.ClientCertificates && !row.anyone && !row.certless && c.subject == nil {
		return errNoCertificate()
	}
	if row.anyone || row.proxy || row.signIn || row.loopback && local(r, c.address) {
		return nil
	}
	err := s.authenticate(r, c, !row.keyOnly)
	if row.holder && isUnidentified(err) {
		return s.admitHolder(r, c)
	}
	if err != nil {
		return s.problemOf(c, err)
	}
	if row.self {
		return nil
	}
	for _, scope := range row.scopes {
		if c.caller.May(scope) == nil {
			return nil
		}
	}
	return s.problemOf(c, c.caller.May(row.scopes[0]))
}

// authenticate sets the caller: by the service key, or else by the cookie of a session, where that does. Why a service key
// is refused is not told.
func (s *Server) authenticate(r *http.Request, c *call, session bool) error {
	if session && r.Header["Cookie"] != nil && r.Header["Authorization"] == nil {
		if token, ok := s.sessionToken(r, c); ok {
			return s.resume(r, c, token)
		}
	}
	token, ok := bearer(r.Header["Authorization"])
	if !ok {
		return errNoServiceKey
	}
	var err error
	c.caller, err = s.authority.Authenticate(r.Context(), keywright.NewSecret(token), authority.Origin{Address: c.address, Request: c.id})
	return err
}

// errNoCertificate says that a service key alone does not do. A certificate that is not of the CA does not get so far: the
// handshake fails.
func errNoCertificate() *api.Problem {
	return api.NewProblem(api.ClientCertificateRequired, "", "this route takes only clients with a certificate that the server's CA signed",
		"connect over TLS with a client certificate; the service key is needed besides")
}

var errNoServiceKey = &authority.Error{Kind: authority.Unidentified}

// local reports whether a request comes from this machine, and not through a proxy on it.
func local(r *http.Request, address netip.Addr) bool {
	return !proxied(r) && (address.IsLoopback() || fromSocket(r.Context()))
}

// proxied reports whether a request says that it came through a proxy.
func proxied(r *http.Request) bool {
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} {
		if len(r.Header[header]) > 0 {
			return true
		}
	}
	return false
}

// bearer returns the token of the one Authorization header. More than one is refused: two readers could disagree on
// which counts.
func bearer(values []string) (string, bool) {
	const scheme = "bearer "
	if len(values) != 1 || len(values[0]) <= len(scheme) {
		return "", false
	}
	for i := range len(scheme) {
		if c := values[0][i]; c != scheme[i] && (c < 'A' || c > 'Z' || c|0x20 != scheme[i]) {
			return "", false
		}
	}
	token := values[0][len(scheme):]
	for len(token) > 0 && token[0] == ' ' {
		token = token[1:]
	}
	return token, token != "" && len(token) <= keywright.MaxKeyBytes
}
