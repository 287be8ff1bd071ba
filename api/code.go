// SPDX-License-Identifier: Apache-2.0

package api

import "net/http"

// A Code says why a request was refused. Codes are stable and in lower case; the codes of verdicts are in upper case
// and another thing.
type Code string

// The codes.
const (
	InvalidInput              Code = "invalid_input"               // the request cannot be done as it is
	Unauthenticated           Code = "unauthenticated"             // no service key, or not a valid one
	SessionEnded              Code = "session_ended"               // the session is over, or its service key may not be used: sign in again
	CrossSite                 Code = "cross_site"                  // a session came with a request that is not of a page of this server
	AccessDenied              Code = "access_denied"               // the service key may not do it
	ClientCertificateRequired Code = "client_certificate_required" // the route wants a client certificate, and the service key besides
	NotFound                  Code = "not_found"                   // no such thing, or not for this caller
	MethodNotAllowed          Code = "method_not_allowed"          // the path exists, the method does not
	TooSlow                   Code = "too_slow"                    // the body did not arrive in time
	Conflict                  Code = "conflict"                    // it contradicts what is there
	TooLarge                  Code = "too_large"                   // the body is larger than the limit
	UnsupportedMediaType      Code = "unsupported_media_type"      // the body is neither JSON nor, where taken, NDJSON
	TooManyRequests           Code = "too_many_requests"           // a limit is reached: come again later
	Internal                  Code = "internal"                    // a mistake of the server
	Unavailable               Code = "unavailable"                 // no judgement could be made: come again later
	KeyInvalid                Code = "key_invalid"                 // forward auth: the request carries no valid key
	KeyForbidden              Code = "key_forbidden"               // forward auth: the key may not be used for the request
)

// Exit codes of a command line.
const (
	ExitDone     = 0
	ExitRefused  = 1 // refused, or not valid
	ExitUsage    = 2 // wrong usage
	ExitNoAnswer = 3 // could not judge
)

var codes = map[Code]struct {
	status, exit int
	title        string
}{
	InvalidInput:              {http.StatusBadRequest, ExitUsage, "The request cannot be done as it is"},
	Unauthenticated:           {http.StatusUnauthorized, ExitRefused, "A valid service key is needed"},
	SessionEnded:              {http.StatusUnauthorized, ExitRefused, "The session has ended"},
	CrossSite:                 {http.StatusForbidden, ExitRefused, "The request is not of a page of this server"},
	AccessDenied:              {http.StatusForbidden, ExitRefused, "The service key may not do this"},
	ClientCertificateRequired: {http.StatusForbidden, ExitRefused, "A client certificate is needed"},
	NotFound:                  {http.StatusNotFound, ExitRefused, "There is no such thing"},
	MethodNotAllowed:          {http.StatusMethodNotAllowed, ExitUsage, "The method is not possible here"},
	TooSlow:                   {http.StatusRequestTimeout, ExitNoAnswer, "The request did not arrive in time"},
	Conflict:                  {http.StatusConflict, ExitRefused, "It contradicts what is there"},
	TooLarge:                  {http.StatusRequestEntityTooLarge, ExitUsage, "The request is too large"},
	UnsupportedMediaType:      {http.StatusUnsupportedMediaType, ExitUsage, "The request is not in a format that is read here"},
	TooManyRequests:           {http.StatusTooManyRequests, ExitNoAnswer, "Too many requests"},
	Internal:                  {http.StatusInternalServerError, ExitNoAnswer, "The server made a mistake"},
	Unavailable:               {http.StatusServiceUnavailable, ExitNoAnswer, "No answer is possible at the moment"},
	KeyInvalid:                {http.StatusUnauthorized, ExitRefused, "A valid key is needed"},
	KeyForbidden:              {http.StatusForbidden, ExitRefused, "The key may not be used for this"},
}

// Codes lists all codes.
func Codes() []Code {
	return []Code{
		InvalidInput, Unauthenticated, AccessDenied, SessionEnded, CrossSite, ClientCertificateRequired, NotFound, MethodNotAllowed, TooSlow, Conflict, TooLarge,
		UnsupportedMediaType, TooManyRequests, Internal, Unavailable, KeyInvalid, KeyForbidden,
	}
}

// Status is the HTTP status of the code; of an unknown one that of Internal.
func (c Code) Status() int {
	if row, ok := codes[c]; ok {
		return row.status
	}
	return http.StatusInternalServerError
}

// Exit is the exit code of a command line. A verification that meets any problem has not judged the key: whatever this
// says, its exit code is ExitNoAnswer.
func (c Code) Exit() int {
	if row, ok := codes[c]; ok {
		return row.exit
	}
	return ExitNoAnswer
}

// Title says the code in words.
func (c Code) Title() string {
	if row, ok := codes[c]; ok {
		return row.title
	}
	return codes[Internal].title
}

// CodeOf returns the code for an HTTP status of a server that sent no Problem, such as a proxy in between: the most common one.
func CodeOf(status int) Code {
	for _, c := range Codes() {
		if codes[c].status == status {
			return c
		}
	}
	if status >= 400 && status < 500 {
		return InvalidInput
	}
	return Unavailable
}
