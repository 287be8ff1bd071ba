// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

const (
	maxURL    = 2048 // bytes
	maxHeader = 4096
	// MaxSecretGrace is the longest time that the secret of an endpoint before the present one goes on signing.
	MaxSecretGrace = 30 * 24 * time.Hour
	// DefaultSecretGrace is that time where none is named.
	DefaultSecretGrace = 24 * time.Hour
	maxEndpointSecrets = 5 // signatures of all must fit into a header
)

// schemes are those of the URLs of a kind.
var schemes = map[EndpointKind][]string{
	Webhook: {"https", "http"}, ExportHTTP: {"https", "http"}, ExportSyslog: {"tls", "tcp"}, ExportFile: {"file"},
}

// check refuses endpoints that cannot be.
func (e *Endpoint) check() error {
	if err := checkText("name", e.Name); err != nil {
		return err
	}
	if err := checkPatterns("verbs", e.Verbs); err != nil {
		return err
	}
	if len(e.Keyspaces) > maxEntries {
		return tooMany("keyspaces", maxEntries)
	}
	for i, name := range e.Keyspaces {
		if !keyspaceName(name) {
			return invalid(fmt.Sprintf("keyspaces[%d]", i), "is not the name of a keyspace", "keyspaces list shows them")
		}
	}
	switch {
	case schemes[e.Kind] == nil:
		return invalid("kind", "is not known", "use webhook, http, syslog or file")
	case !e.Header.IsZero() && e.Kind != ExportHTTP:
		return invalid("authorization", "is possible for the kind http alone", "a webhook is signed with its secret: leave it out")
	}
	if v := e.Header.Reveal(); len(v) > maxHeader || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
		return invalid("authorization", "is not the value of a header", "use visible ASCII, such as Bearer and a token")
	}
	return e.checkURL()
}

// checkURL never repeats the URL: it may hold a token.
func (e *Endpoint) checkURL() error {
	u, err := url.Parse(e.URL)
	if err != nil || len(e.URL) > maxURL || !slices.Contains(schemes[e.Kind], u.Scheme) {
		return invalid("url", "is not a URL of the kind "+string(e.Kind), "it begins with "+strings.Join(schemes[e.Kind], ": or ")+": and has at most 2048 characters")
	}
	if strings.ContainsFunc(e.URL, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return invalid("url", "holds what is not visible ASCII", "escape it with %")
	}
	if e.Kind == ExportFile {
		if !exportName(u.Opaque) {
			return invalid("url", "is not file: and the name of a file", "use lower-case letters, digits, - and . such as file:events.jsonl; the server keeps it in its folder for exports")
		}
		return nil
	}
	switch {
	case u.Hostname() == "" || u.Opaque != "":
		return invalid("url", "names no host", "for example https://hooks.example.com/keys")
	case u.User != nil:
		return invalid("url", "holds a user or a password", "leave them out: messages are signed, and an http export has authorization")
	case u.Fragment != "":
		return invalid("url", "has a fragment, which is never sent", "leave out what is behind #")
	case e.Kind == ExportSyslog && (u.Port() == "" || u.Path != "" || u.RawQuery != ""):
		return invalid("url", "is not a host and a port", "for example tls://logs.example.com:6514")
	}
	return nil
}

// exportName reports whether s can be the name of a file in the folder for exports: no path, nothing hidden.
func exportName(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' || s[0] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' })
}

// mayEndpoints decides whether the caller may see or change endpoints that get the events of these keyspaces.
func (c Caller) mayEndpoints(scope string, keyspaces []string) error {
	if err := c.May(scope); err != nil {
		return err
	}
	if c.owner != "" || len(c.keyspaces) > 0 && len(keyspaces) == 0 || slices.ContainsFunc(keyspaces, func(name string) bool { return !c.bound(name) }) {
		return denied("the caller may not have these events", "name keyspaces that it is bound to, or use a service key that is bound to none")
	}
	return nil
}

// rotate puts a new secret before the others, which end after the grace at the latest.
func (e *Endpoint) rotate(fresh EndpointSecret, now time.Time, grace time.Duration) {
	kept := []EndpointSecret{fresh}
	for _, s := range e.Secrets {
		if ends := now.Add(grace); s.Ends.IsZero() || s.Ends.After(ends) {
			s.Ends = ends
		}
		if s.Ends.After(now) && len(kept) < maxEndpointSecrets {
			kept = append(kept, s)
		}
	}
	e.Secrets = kept
}

// keyspace is that of the events about the endpoint itself.
func (e *Endpoint) keyspace() string {
	if len(e.Keyspaces) == 1 {
		return e.Keyspaces[0]
	}
	return ""
}

// EventID names an event outside of the authority, such as in the header webhook-id: its sequence, and a part of its hash,
// since a store that was restored gives sequences again.
func (e *Event) EventID() string { return fmt.Sprintf("evt_%d_%s", e.Sequence, shortHash(e.Hash)) }

func shortHash(h keywright.Hash) string { return fmt.Sprintf("%x", h[:8]) }
