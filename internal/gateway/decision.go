// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/httpauth"
)

// Codes of decisions beside those of verdicts, for log and metrics.
const (
	NoKey         = "NO_KEY"        // 401: the request carries none
	Ambiguous     = "AMBIGUOUS"     // 401: two keys, or two accounts of the request that differ; it was not judged
	UnknownPeer   = "UNKNOWN_PEER"  // 403: who asks is no proxy that may
	Misconfigured = "MISCONFIGURED" // 503: what the proxy asks cannot be answered; the operator must mend it
	Unavailable   = "UNAVAILABLE"   // 503: the authority could not judge
)

// Headers of an answer. All of the first four go to the service, also the empty ones: so what a client sent under their
// names is overwritten.
const (
	HeaderKeyID       = "X-Keywright-Key-Id"
	HeaderOwner       = "X-Keywright-Owner" // percent-encoded where it is not plain ASCII: see EncodeOwner
	HeaderScopes      = "X-Keywright-Scopes"
	HeaderEnvironment = "X-Keywright-Environment"

	HeaderStatus = "X-Keywright-Status" // what the client should see, where the proxy cannot be told so
)

// A Decision is the answer to a Request.
type Decision struct {
	Allowed bool
	Status  int               // of HTTP, for the proxy: 204, 401, 403, 429 or 503
	Code    string            // that of the verdict, or one of the above
	Reason  string            // why it was refused before there was a verdict, for the log
	Err     error             // with 503, and with UNKNOWN_PEER: what is wrong, for the log
	Verdict keywright.Verdict // where there is one

	limited bool // the status stands for 429
}

// decided turns a verdict into a decision.
func decided(v keywright.Verdict, reason string, limited bool) Decision {
	d := Decision{Code: string(v.Code), Reason: reason, Verdict: v}
	switch v.Code {
	case keywright.Valid:
		d.Allowed, d.Status = true, http.StatusNoContent
	case keywright.Forbidden, keywright.InsufficientScope:
		d.Status = http.StatusForbidden
	case keywright.RateLimited, keywright.CreditsExhausted:
		d.Status = http.StatusTooManyRequests
		if d.limited = limited; limited {
			d.Status = http.StatusForbidden
		}
	default:
		d.Status = http.StatusUnauthorized
	}
	return d
}

// Unidentified is the answer where the request carries no key, or cannot be read in one way: err is ErrAmbiguous, or one of
// package httpauth.
func Unidentified(err error) Decision {
	d := Decision{Status: http.StatusUnauthorized, Code: Ambiguous, Reason: err.Error()}
	if err == httpauth.ErrNoKey {
		d.Code = NoKey
	}
	return d
}

var empty = []string{""}

// Upstream sets the headers for the service behind the proxy: who the key belongs to, or that nobody does.
func (d *Decision) Upstream(h http.Header) {
	if !d.Allowed {
		h[HeaderKeyID], h[HeaderOwner], h[HeaderScopes], h[HeaderEnvironment] = empty, empty, empty, empty
		return
	}
	v := &d.Verdict
	values := &[4]string{v.KeyID.String(), EncodeOwner(v.Owner), strings.Join(v.Scopes, " "), v.Environment}
	h[HeaderKeyID], h[HeaderOwner] = values[0:1:1], values[1:2:2]
	h[HeaderScopes], h[HeaderEnvironment] = values[2:3:3], values[3:4:4]
}

var (
	plainChallenge  = []string{"Bearer"}
	tokenChallenge  = []string{`Bearer error="invalid_token"`}
	scopesChallenge = []string{`Bearer error="insufficient_scope"`}
	limitedStatus   = []string{"429"}
)

// Client sets the headers for who presented the key: WWW-Authenticate (RFC 6750), how its limits stand, and when to come
// again.
func (d *Decision) Client(h http.Header) {
	switch {
	case d.Status == http.StatusServiceUnavailable:
		h[api.HeaderRetryAfter] = []string{"1"}
		return
	case d.Code == NoKey || d.Code == Ambiguous:
		h["Www-Authenticate"] = plainChallenge
		return
	case d.Status == http.StatusUnauthorized:
		h["Www-Authenticate"] = tokenChallenge
		return
	case d.Verdict.Code == keywright.InsufficientScope:
		h["Www-Authenticate"] = scopesChallenge
		return
	}
	if d.limited {
		h[HeaderStatus] = limitedStatus
	}
	if d.Verdict.Limit.Name != "" {
		api.SetLimits(h, &d.Verdict)
	}
}

// Problem is the document of a refusal. What it tells depends on the status alone.
func (d *Decision) Problem() *api.Problem {
	switch {
	case d.Code == UnknownPeer:
		return api.NewProblem(api.AccessDenied, "", "only proxies that are known here may ask", "")
	case d.Status == http.StatusUnauthorized:
		return api.NewProblem(api.KeyInvalid, "", "the request carries no valid key", "send one key, in one header")
	case d.limited || d.Status == http.StatusTooManyRequests:
		p := api.NewProblem(api.TooManyRequests, "", "the key is used up for now", "come again when Retry-After says, if it is there")
		p.Status = d.Status
		return p
	case d.Status == http.StatusForbidden:
		return api.NewProblem(api.KeyForbidden, "", "the key may not be used for this request", "ask who gave you the key")
	}
	return api.NewProblem(api.Unavailable, "", "the key could not be judged", "come again later: this says nothing about the key")
}

const hexDigits = "0123456789ABCDEF"

// EncodeOwner writes an owner as a header holds it: letters, digits and - . _ ~ ! $ & ' ( ) * + / : = @ | ^ # ? stand for
// themselves, every other byte is percent-encoded. Decoding percent escapes once gives the owner back.
func EncodeOwner(owner string) string {
	i := 0
	for i < len(owner) && plainOwner(owner[i]) {
		i++
	}
	if i == len(owner) {
		return owner
	}
	var b strings.Builder
	for i := range len(owner) {
		if c := owner[i]; plainOwner(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

// plainOwner leaves out what a reader of headers could take for a separator, a quote or an escape.
func plainOwner(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!$&'()*+/:=@|^#?", c) >= 0
}
