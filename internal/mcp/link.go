// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"net/http"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// Links keep new keys for whoever opens a link, once and for a short time: a *server.Server.
type Links interface {
	Room() error // whether one more can wait
	Keep(key keywright.Secret, id keywright.KeyID, keyspace string) (path string, until time.Time, err error)
}

// A linker makes the links of one request.
type linker struct {
	Links
	base string
}

type linksKey struct{}

// baseOf is the address under which the agent knows the server: a link leads there, too.
func baseOf(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// handOne is hand for one key of a record, which can wait behind a link.
func (d *destination) handOne(c *call, act func() (api.Key, *api.Record, error)) (where kept, err error) {
	shown, file, err := d.hand(func() ([]keywright.Secret, string, error) {
		key, record, err := act()
		switch {
		case err != nil:
			return nil, "", err
		case key.IsZero(): // a hash was registered, or the request is a repeat
			return nil, "", nil
		case d.ToFile == "" && !d.Reveal && c.links != nil:
			where, err = c.links.keep(key, record)
			return nil, "", err
		}
		return []keywright.Secret{key.Secret}, record.ID.String(), nil
	})
	if len(shown) > 0 {
		where.Key = api.NewKey(shown[0])
	}
	where.File = file
	return where, err
}

func (l *linker) keep(key api.Key, record *api.Record) (kept, error) {
	path, until, err := l.Keep(key.Secret, record.ID, record.Keyspace)
	if err != nil {
		return kept{}, api.NewProblem(api.Unavailable, "", "the key was made and cannot wait behind a link: it is lost", "rotate "+record.ID.String()+" with reveal: true, or revoke it")
	}
	return kept{Link: l.base + path, LinkEnds: until}, nil
}
