// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// TestSetLimits writes the headers of the draft.
func TestSetLimits(t *testing.T) {
	requests := keywright.LimitState{Name: "requests", Of: "key", Limit: 20, Window: time.Minute, Amount: 100, Remaining: 5, Reset: 8001 * time.Millisecond}
	reached := keywright.LimitState{Name: "exports", Of: "owner", Limit: 3, Window: 90 * time.Second, Amount: 3, Reset: 90 * time.Second, RetryAfter: 29001 * time.Millisecond}
	never := reached
	never.RetryAfter = -1
	const (
		requestsPolicy, requestsState = `"requests";q=100;w=60`, `"requests";r=5;t=9`
		exportsPolicy, exportsState   = `"exports";q=3;w=90`, `"exports";r=0;t=90`
	)
	for name, c := range map[string]struct {
		verdict              keywright.Verdict
		policy, state, after string
	}{
		"no limits":       {verdict: keywright.Verdict{Code: keywright.Valid}},
		"unknown key":     {verdict: keywright.Verdict{Code: keywright.NotFound}},
		"allowed":         {keywright.Verdict{Code: keywright.Valid, Limit: requests}, requestsPolicy, requestsState, ""},
		"limited":         {keywright.Verdict{Code: keywright.RateLimited, Limit: reached}, exportsPolicy, exportsState, "30"},
		"never":           {keywright.Verdict{Code: keywright.RateLimited, Limit: never}, exportsPolicy, exportsState, ""},
		"out of credits":  {keywright.Verdict{Code: keywright.CreditsExhausted, Limit: requests}, requestsPolicy, requestsState, ""},
		"all of them":     {keywright.Verdict{Code: keywright.RateLimited, Limit: reached, Detail: &keywright.Detail{Limits: []keywright.LimitState{requests, reached}}}, exportsPolicy + ", " + requestsPolicy, exportsState + ", " + requestsState, "30"},
		"detail, but one": {keywright.Verdict{Code: keywright.Valid, Limit: requests, Detail: &keywright.Detail{Limits: []keywright.LimitState{requests}}}, requestsPolicy, requestsState, ""},
	} {
		h := http.Header{}
		api.SetLimits(h, &c.verdict)
		if h.Get("RateLimit-Policy") != c.policy || h.Get("RateLimit") != c.state || h.Get("Retry-After") != c.after {
			t.Errorf("%s: %v", name, h)
		}
	}
	for d, want := range map[time.Duration]string{-1: "", 0: "", 1: "1", time.Second: "1", time.Second + 1: "2", 400 * 24 * time.Hour: "34560000"} {
		if got := api.RetryAfter(d); got != want {
			t.Errorf("after %v: %q, want %q", d, got, want)
		}
	}
}
