// SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// admitHolder lets in who holds the key whose id is in the path. Whoever does not gets one answer, whether or not there is
// a key of this id.
func (s *Server) admitHolder(r *http.Request, c *call) *api.Problem {
	token, ok := bearer(r.Header["Authorization"])
	id, err := keywright.ParseKeyID(strings.Split(r.URL.Path, "/")[3])
	if !ok || err != nil {
		return s.problemOf(c, errNoServiceKey)
	}
	if limit, ok := s.holding.allow(c.address); !ok {
		return tooMany(limit)
	}
	from := authority.Origin{Request: c.id}
	if !proxied(r) { // else the address is the proxy's: where the holder is, nobody knows
		from.Address = c.address
	}
	if c.caller, err = s.authority.Holder(r.Context(), id, keywright.NewSecret(token), from); err != nil {
		return s.problemOf(c, err)
	}
	return nil
}

// isUnidentified reports whether an error says that a key is no valid service key.
func isUnidentified(err error) bool {
	var e *authority.Error
	return errors.As(err, &e) && e.Kind == authority.Unidentified
}
