// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
)

const (
	maxCost       = 1_000_000_000
	maxScopes     = 100
	parsedQueries = 64
)

// Options are what the configuration of a proxy asks for. The zero value asks for a valid key.
type Options struct {
	Environment string   // that the proxy serves; keys of others are refused
	Header      string   // that carries the key; empty: Authorization or X-API-Key
	Scopes      []string // all are needed
	Cost        int64    // of every request; 0: 1
	Limited     bool     // 403 in place of 429, for proxies that know no other refusal
}

// A ConfigError says what is wrong with what a proxy asks, to its operator.
type ConfigError struct{ Problem, Hint string }

func (e *ConfigError) Error() string { return e.Problem + ": " + e.Hint }

func misconfigured(problem, hint string) Decision {
	return Refusal(&ConfigError{Problem: problem, Hint: hint})
}

// Refusal is the answer where options cannot be read, or a peer may not ask: for an error of Options or Admit.
func Refusal(err error) Decision {
	switch err.(type) {
	case *ConfigError:
		return Decision{Status: http.StatusServiceUnavailable, Code: Misconfigured, Err: err}
	case *PeerError:
		return Decision{Status: http.StatusForbidden, Code: UnknownPeer, Err: err}
	}
	return unjudged(err)
}

// Options reads options that are written as a query: environment=live&header=X-Acme-Key&scopes=a:read+b:read&cost=2&limited=403.
// An error is a *ConfigError. What was read is kept, for a bounded number of queries.
func (g *Gateway) Options(query string) (Options, error) {
	if query == "" {
		return Options{}, nil
	}
	g.mu.RLock()
	o, ok := g.parsed[query]
	g.mu.RUnlock()
	if ok {
		return o, nil
	}
	o, err := parseOptions(query)
	if err == nil {
		g.mu.Lock()
		if len(g.parsed) < parsedQueries {
			g.parsed[strings.Clone(query)] = o
		}
		g.mu.Unlock()
	}
	return o, err
}

func parseOptions(query string) (o Options, err error) {
	const hint = "the address that the proxy asks may have environment, header, scopes, cost and limited"
	values, err := url.ParseQuery(query)
	if err != nil {
		return o, &ConfigError{"the query cannot be read", hint}
	}
	for name, given := range values {
		if len(given) > 1 && name != "scopes" {
			return o, &ConfigError{"the query names a parameter twice", hint}
		}
		switch value := given[0]; name {
		case "environment":
			if o.Environment, err = keywright.Environment(value); err != nil {
				return o, &ConfigError{"environment is not one", "name an environment of the keyspace, such as live"}
			}
		case "header":
			if !headerName(value) {
				return o, &ConfigError{"header is not the name of a header", "name the one that carries the key, such as X-Acme-Key"}
			}
			o.Header = http.CanonicalHeaderKey(value)
		case "scopes":
			for _, list := range given {
				o.Scopes = append(o.Scopes, strings.Fields(list)...)
			}
			if !scopes(o.Scopes) {
				return o, &ConfigError{"scopes holds something else than scopes", "name scopes with spaces between them, such as invoices:read; no *"}
			}
		case "cost":
			if o.Cost, err = strconv.ParseInt(value, 10, 64); err != nil || o.Cost < 1 || o.Cost > maxCost {
				return o, &ConfigError{"cost is not between 1 and 1,000,000,000", "leave it out for 1"}
			}
		case "limited":
			if o.Limited = value == "403"; !o.Limited && value != "429" {
				return o, &ConfigError{"limited is neither 403 nor 429", "leave it out for 429"}
			}
		default:
			return o, &ConfigError{"the query holds a parameter that is not known", hint}
		}
	}
	return o, nil
}

func scopes(list []string) bool {
	for _, s := range list {
		if keywright.CheckScope(s) != nil {
			return false
		}
	}
	return 0 < len(list) && len(list) <= maxScopes
}

func headerName(s string) bool {
	return s != "" && len(s) <= 100 && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-'
	})
}
