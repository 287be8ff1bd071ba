// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// addresses is how many a limiter remembers in each of its two generations.
const addresses = 8192

// A limiter lets each client address do something so often. Its memory is bounded: when the young generation is full it
// becomes the old one, and those of the old that were not seen since are forgotten.
type limiter struct {
	rate  rate.Limit
	burst int

	refused atomic.Uint64 // how often the limit was reached

	mu         sync.Mutex
	young, old map[netip.Prefix]*rate.Limiter
}

func newLimiter(perSecond float64, burst int) *limiter {
	return &limiter{rate: rate.Limit(perSecond), burst: burst, young: map[netip.Prefix]*rate.Limiter{}}
}

// allow reports whether an address may go on, and how its limit stands.
func (l *limiter) allow(address netip.Addr) (keywright.LimitState, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, now := l.of(address), time.Now()
	ok := one.AllowN(now, 1)
	if !ok {
		l.refused.Add(1)
	}
	return l.state(one.TokensAt(now)), ok
}

// open reports what allow would, and takes nothing.
func (l *limiter) open(address netip.Addr) (keywright.LimitState, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	tokens := l.of(address).TokensAt(time.Now())
	if tokens < 1 {
		l.refused.Add(1)
	}
	return l.state(tokens), tokens >= 1
}

// clientNetwork is what counts as one client. Of IPv6 that is a whole /64: what one customer is given. Of no address, as
// over a Unix socket, it is the zero prefix, which has a limit of its own.
func clientNetwork(address netip.Addr) netip.Prefix {
	bits := 32
	if address.Is6() {
		bits = 64
	}
	network, _ := address.WithZone("").Prefix(bits)
	return network
}

// of returns the limiter of an address.
func (l *limiter) of(address netip.Addr) *rate.Limiter {
	network := clientNetwork(address)
	one := l.young[network]
	if one == nil {
		if len(l.young) >= addresses {
			l.young, l.old = map[netip.Prefix]*rate.Limiter{}, l.young
		}
		if one = l.old[network]; one == nil {
			one = rate.NewLimiter(l.rate, l.burst)
		}
		l.young[network] = one
	}
	return one
}

// state tells what is left of a limit.
func (l *limiter) state(tokens float64) keywright.LimitState {
	wait := func(missing float64) time.Duration {
		return time.Duration(max(missing, 0) / float64(l.rate) * float64(time.Second))
	}
	burst := int64(l.burst)
	return keywright.LimitState{
		Name: "address", Of: "address", Limit: burst, Amount: burst, Window: wait(float64(burst)), Remaining: int64(max(tokens, 0)),
		Reset: wait(float64(burst) - tokens), RetryAfter: wait(1 - tokens),
	}
}

// tooMany says that an address must wait.
func tooMany(l keywright.LimitState) *api.Problem {
	p := api.NewProblem(api.TooManyRequests, "", "too many requests from this address", "come again when Retry-After says")
	p.Limits = []api.LimitState{api.LimitStateOf(&l, time.Now())}
	return p
}
