// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"fmt"
	"strings"
	"time"

	"github.com/keywright/keywright/signed"
)

const (
	// MaxTokenLife is how long a token lives at most that a key is exchanged for.
	MaxTokenLife = time.Hour

	maxAudiences = 20
	maxAudience  = 255
	maxIssuer    = 255
)

// ExchangePolicy lets the keys of a keyspace be exchanged for tokens.
type ExchangePolicy struct {
	Life      time.Duration `json:"life"`                // of a token, in whole seconds: 1 s to 1 h
	Audience  []string      `json:"audience,omitempty"`  // whom tokens may be for, the first where none is asked for; empty: the name of the keyspace
	Spend     string        `json:"spend,omitempty"`     // of keys with what nobody knows offline; empty: SpendRefuse
	Algorithm string        `json:"algorithm,omitempty"` // ES256 or EdDSA; empty: ES256
}

// What becomes of keys that have credits, limits, or rules on network, origin, method or path, when they are to be
// exchanged: a token is used without taking from them, and from anywhere.
const (
	SpendRefuse = "refuse" // they are not exchanged
	SpendAllow  = "allow"  // they are: the exchange is counted and spent as one verification
)

func (e *ExchangePolicy) check() error {
	const field = "policy.exchange."
	switch {
	case e == nil:
		return nil
	case e.Life < time.Second || e.Life > MaxTokenLife || e.Life%time.Second != 0:
		return invalid(field+"life", "is not between 1s and 1h, in whole seconds", "use a duration such as 5m")
	case len(e.Audience) > maxAudiences:
		return tooMany(field+"audience", maxAudiences)
	case e.Spend != "" && e.Spend != SpendRefuse && e.Spend != SpendAllow:
		return invalid(field+"spend", "is not known", "use refuse or allow")
	case e.Algorithm != "" && e.Algorithm != string(signed.ES256) && e.Algorithm != string(signed.EdDSA):
		return invalid(field+"algorithm", "is not known", "use ES256 or EdDSA")
	}
	for i, audience := range e.Audience {
		if !plainText(audience, maxAudience) {
			return invalid(fmt.Sprintf("%saudience[%d]", field, i), "is not a name of 1 to 255 printable characters without spaces", "use the URL of the service, or its name")
		}
	}
	return nil
}

// plainText reports whether a text is of printable characters of ASCII without spaces, and not empty.
func plainText(s string, most int) bool {
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' })
}

// algorithm returns what tokens of the keyspace are signed with.
func (e *ExchangePolicy) algorithm() signed.Algorithm {
	if e.Algorithm == "" {
		return signed.ES256
	}
	return signed.Algorithm(e.Algorithm)
}

// audience decides whom a token is for.
func (e *ExchangePolicy) audience(keyspace, asked string) (string, error) {
	may := e.Audience
	if len(may) == 0 {
		may = []string{keyspace}
	}
	if asked == "" {
		return may[0], nil
	}
	for _, name := range may {
		if name == asked {
			return name, nil
		}
	}
	return "", invalid("audience", "is not one that tokens of this keyspace may be for", "leave it out, or name one of policy.exchange.audience")
}

// checkExchange refuses a policy that lets keys be exchanged where nothing can be signed.
func (a *Authority) checkExchange(p *Policy) error {
	if p == nil || p.Exchange == nil {
		return nil
	}
	return a.needSealer()
}
