// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"net/url"
	"strings"

	"github.com/keywright/keywright/internal/gateway"
)

const readSettings = 64 // how many are kept

// extensions are the context_extensions of a route, as they are written.
type extensions struct{ keyspace, environment, header, scopes, cost, hideKey string }

// settings are what they say.
type settings struct {
	keyspace string
	options  gateway.Options
	header   string // that carries the key, in small letters; empty: Authorization or X-API-Key
	hideKey  bool   // the service does not see it
}

// settings reads the context_extensions of a route. An error is a *gateway.ConfigError. What was read is kept, for a
// bounded number of routes.
func (s *Server) settings(given map[string]string) (settings, error) {
	var e extensions
	for name, value := range given {
		place := e.place(name)
		if place == nil {
			return settings{}, &gateway.ConfigError{
				Problem: "the context_extensions hold a name that is not known", Hint: "they may have keyspace, environment, header, scopes, cost and hide_key",
			}
		}
		if *place = value; value == "" {
			return settings{}, &gateway.ConfigError{Problem: name + " in the context_extensions is empty", Hint: "leave it out, or give a value"}
		}
	}
	s.mu.RLock()
	read, ok := s.read[e]
	s.mu.RUnlock()
	if ok {
		return read, nil
	}
	read, err := s.parse(&e)
	if err != nil {
		return settings{}, err
	}
	s.mu.Lock()
	if len(s.read) < readSettings {
		s.read[e] = read
	}
	s.mu.Unlock()
	return read, nil
}

func (e *extensions) place(name string) *string {
	switch name {
	case "keyspace":
		return &e.keyspace
	case "environment":
		return &e.environment
	case "header":
		return &e.header
	case "scopes":
		return &e.scopes
	case "cost":
		return &e.cost
	case "hide_key":
		return &e.hideKey
	}
	return nil
}

func (s *Server) parse(e *extensions) (read settings, err error) {
	query := url.Values{}
	for name, value := range map[string]string{"environment": e.environment, "header": e.header, "scopes": e.scopes, "cost": e.cost} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if read.options, err = s.options.Gateway.Options(query.Encode()); err != nil {
		return settings{}, err
	}
	switch e.hideKey {
	case "", "false":
	case "true":
		read.hideKey = true
	default:
		return settings{}, &gateway.ConfigError{Problem: "hide_key is neither true nor false", Hint: "leave it out for false"}
	}
	read.header = strings.ToLower(read.options.Header)
	if read.keyspace = e.keyspace; read.keyspace == "" {
		read.keyspace = s.options.Keyspace
	}
	return read, nil
}
