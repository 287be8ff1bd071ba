// SPDX-License-Identifier: Apache-2.0

package redislimit

import (
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/limit"
)

// A call is one run of the script.
type call struct {
	keys   []string
	args   []any
	meters []limit.Meter
	sent   *redis.Cmd
}

func (l *Limiter) call(ask *authority.LimitAsk) call {
	n := len(ask.Meters)
	c := call{keys: make([]string, n), args: make([]any, 1, 1+6*n), meters: make([]limit.Meter, n)}
	c.args[0] = int64(ask.Act)
	for i := range ask.Meters {
		m := limit.Of(&ask.Meters[i])
		c.keys[i], c.meters[i] = l.key(&ask.Meters[i].ID), m
		for _, s := range [...]limit.Span{m.Charge, m.Room, m.Most} {
			c.args = append(c.args, s.Seconds, s.Femtos)
		}
	}
	return c
}

var errAnswer = errors.New("it answered something else than the script does")

// answer reads what the script told.
func (c *call) answer(act authority.LimitAct) (a authority.LimitAnswer, err error) {
	told, err := c.sent.Int64Slice()
	if err != nil || len(told) != 3+2*len(c.meters) {
		return a, errAnswer
	}
	a.OK = told[0] == 1
	now := limit.Span{Seconds: told[1], Femtos: told[2]}
	for i := range c.meters {
		m := &c.meters[i]
		full := limit.Span{Seconds: told[3+2*i], Femtos: told[4+2*i]}
		a.Meters = append(a.Meters, m.Standing(m.Debt(full, now), a.OK && act == authority.TakeLimits))
	}
	return a, nil
}
