// SPDX-License-Identifier: Apache-2.0

// Package api is the wire: what a keywright server and its clients say to each other, as Go types.
//
// JSON with snake_case names, RFC 3339 times, durations such as "24h" or "30d". Where a request is refused the answer is a
// Problem (RFC 9457) with a stable Code; one table maps each code to its HTTP status and to the exit code of a command
// line. A refused key is no problem: it is a VerifyResponse with valid=false, and HTTP 200.
//
// A key travels as a Key, the one type of this package that reveals a secret, and only when it is encoded.
//
// The package knows the root package and the standard library alone. openapi.json beside it is generated from these
// types by the server, whose tests compare it.
package api

// Media types.
const (
	MediaJSON    = "application/json"
	MediaLines   = "application/x-ndjson" // one JSON document a line
	MediaProblem = "application/problem+json"
	MediaArchive = "application/gzip" // a backup
	MediaCSV     = "text/csv"
)

// Headers.
const (
	// HeaderRequestID names a request. A server takes a sane one from the client, or makes one, and answers with it.
	HeaderRequestID = "X-Request-Id"
	// HeaderIdempotencyKey makes a repeat of an issue or a rotation within 24 hours return the same record, without the
	// key, and one of a change of credits change nothing.
	HeaderIdempotencyKey = "Idempotency-Key"
)

// Paths. {id} is a key id or the id of an owner, {name} the name of a keyspace.
const (
	PathVerify       = "/v1/verify"
	PathVerifyBatch  = "/v1/verify/batch"
	PathAuth         = "/v1/auth/{keyspace}"
	PathAuthBelow    = "/v1/auth/{keyspace}/{path...}" // what comes behind is the path of the request that is asked about
	PathKeys         = "/v1/keys"
	PathKey          = "/v1/keys/{id}"
	PathDisable      = "/v1/keys/{id}/disable"
	PathEnable       = "/v1/keys/{id}/enable"
	PathRevoke       = "/v1/keys/{id}/revoke"
	PathRotate       = "/v1/keys/{id}/rotate"
	PathEndGrace     = "/v1/keys/{id}/end-grace"
	PathChildren     = "/v1/keys/{id}/children"
	PathBulk         = "/v1/keys/bulk"
	PathCredits      = "/v1/keys/{id}/credits"
	PathLedger       = "/v1/keys/{id}/ledger"
	PathOwners       = "/v1/owners"
	PathOwner        = "/v1/owners/{id}"
	PathOwnerCredits = "/v1/owners/{id}/credits"
	PathOwnerLedger  = "/v1/owners/{id}/ledger"
	PathUsage        = "/v1/usage"
	PathStats        = "/v1/stats"
	PathKeyspaces    = "/v1/keyspaces"
	PathKeyspace     = "/v1/keyspaces/{name}"
	PathEvents       = "/v1/events"
	PathChain        = "/v1/events/verify"
	PathCheckpoints  = "/v1/audit/checkpoints"
	PathErase        = "/v1/audit/erase"
	PathPrune        = "/v1/audit/prune"
	PathBackup       = "/v1/backup"
	PathRevokeSelf   = "/v1/revoke-self"
	PathOnce         = "/v1/once/{token}" // a new key behind a link
	PathGenerate     = "/api/sec-api-key-generate"
	PathMCP          = "/mcp"
	PathLive         = "/livez"
	PathReady        = "/readyz"
	PathMetrics      = "/metrics"
	PathNodes        = "/v1/nodes"
	PathOpenAPI      = "/openapi.json"
	PathDocs         = "/docs"
	PathImport       = "/v1/keys/import"
	PathExport       = "/v1/keys/export"
	PathPeppers      = "/v1/peppers"
	PathPepper       = "/v1/peppers/{name}"
	PathExchange     = "/v1/exchange"
	PathRevocations  = "/v1/revocations"
	PathKeySet       = "/.well-known/jwks.json"
	PathSessions     = "/v1/sessions"

	PathSigningKeys       = "/v1/signing-keys"
	PathRotateSigningKeys = "/v1/signing-keys/rotate"
)
