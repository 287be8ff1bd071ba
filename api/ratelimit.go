// SPDX-License-Identifier: Apache-2.0

package api

import (
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/keywright/keywright"
)

// Headers that tell a client how its limits stand (draft-ietf-httpapi-ratelimit-headers-10, RFC 9110).
const (
	HeaderRateLimit       = "Ratelimit"
	HeaderRateLimitPolicy = "Ratelimit-Policy"
	HeaderRetryAfter      = "Retry-After"
)

// SetLimits tells the limits of a verdict in the headers of an answer to whoever presented the key:
//
//	RateLimit-Policy: "requests";q=100;w=60
//	RateLimit: "requests";r=50;t=30
//	Retry-After: 2
//
// q units come back in each w seconds; r may come now, and t seconds from now all of it. Retry-After is there where
// the verdict is RATE_LIMITED and coming again helps. Seconds are rounded up. Without limits nothing is set.
func SetLimits(h http.Header, v *keywright.Verdict) {
	SetLimitStates(h, LimitsOf(v))
	if v.Code != keywright.RateLimited {
		return
	}
	if after := RetryAfter(v.Limit.RetryAfter); after != "" {
		h.Set(HeaderRetryAfter, after)
	}
}

// SetLimitStates sets RateLimit and RateLimit-Policy.
func SetLimitStates(h http.Header, limits iter.Seq[*keywright.LimitState]) {
	var policy, state []byte
	for l := range limits {
		policy = appendItem(policy, l.Name, 'q', l.Amount, 'w', seconds(l.Window))
		state = appendItem(state, l.Name, 'r', l.Remaining, 't', seconds(l.Reset))
	}
	if len(policy) == 0 {
		return
	}
	h.Set(HeaderRateLimitPolicy, string(policy))
	h.Set(HeaderRateLimit, string(state))
}

// RetryAfter writes how long to wait as Retry-After has it: in whole seconds, rounded up. A client need not wait, or
// waits in vain, where it returns nothing.
func RetryAfter(after time.Duration) string {
	if after <= 0 {
		return ""
	}
	return strconv.FormatInt(seconds(after), 10)
}

func seconds(d time.Duration) int64 {
	n := int64(d / time.Second)
	if d%time.Second > 0 {
		n++
	}
	return n
}

// appendItem appends a member of a list of structured fields (RFC 9651). Names of limits are letters, digits and -, so
// none has to be escaped.
func appendItem(b []byte, name string, first byte, n int64, second byte, m int64) []byte {
	if len(b) > 0 {
		b = append(b, ", "...)
	}
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, '"', ';', first, '=')
	b = strconv.AppendInt(b, n, 10)
	b = append(b, ';', second, '=')
	return strconv.AppendInt(b, m, 10)
}
