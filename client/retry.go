// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	firstWait  = 100 * time.Millisecond
	longestGap = 2 * time.Second  // between attempts, where the server names no time
	maxWait    = 10 * time.Second // a server that asks to come again later than this gets no second attempt
)

// pauseAfter says whether another attempt could help, and when.
func pauseAfter(err error, wait time.Duration) (time.Duration, bool) {
	wait = wait/2 + rand.N(wait) // so that many clients do not come back at once
	var transport *TransportError
	var answer *answerError
	switch {
	case errors.As(err, &transport):
		return wait, true
	case !errors.As(err, &answer):
		return 0, false
	case answer.Status == http.StatusTooManyRequests, answer.Status == http.StatusBadGateway,
		answer.Status == http.StatusServiceUnavailable, answer.Status == http.StatusGatewayTimeout:
		return max(wait, answer.after), answer.after <= maxWait
	}
	return 0, false
}

// mayHaveSpent says whether a verification may have been made although it failed: unless no connection could be made, or
// the server said that it judged nothing.
func mayHaveSpent(err error) bool {
	var answer *answerError
	if errors.As(err, &answer) {
		return answer.Status == http.StatusBadGateway || answer.Status == http.StatusGatewayTimeout
	}
	var dial *net.OpError
	return !errors.As(err, &dial) || dial.Op != "dial"
}

// begun says whether an answer was cut off.
func begun(err error) bool {
	var transport *TransportError
	return errors.As(err, &transport) && transport.begun
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3).
func retryAfter(s string) time.Duration {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return time.Duration(min(n, 86400)) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
