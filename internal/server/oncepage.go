// SPDX-License-Identifier: Apache-2.0

package server

import (
	_ "embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

//go:embed once.html
var onceHTML string

var onceTemplate = template.Must(template.New("once").Parse(onceHTML))

// oncePage is what a link shows. It is the same for every link, good or not, and uses up none: programs that look at links
// before people do learn nothing and take nothing.
func (s *Server) oncePage(w http.ResponseWriter, _ *http.Request) {
	writeOnce(w, http.StatusOK, "", "")
}

// writeOnce writes the page: the question, the key, or what is wrong.
func writeOnce(w http.ResponseWriter, status int, key, wrong string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_ = onceTemplate.Execute(w, map[string]string{"Key": key, "Wrong": wrong}) // a client that went away is no fault
}

// reveal hands out the key behind a link, once.
func (s *Server) reveal(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	page := strings.Contains(r.Header.Get("Accept"), "text/html")
	key, id, p := s.tryReveal(r, c)
	switch {
	case p != nil && page:
		setProblemHeaders(w.Header(), p)
		writeOnce(w, p.Status, "", p.Detail)
	case p != nil:
		p.RequestID = c.id
		writeProblem(w, p)
	case page:
		writeOnce(w, http.StatusOK, key.Reveal(), "")
	default:
		writeJSON(w, http.StatusOK, api.MediaJSON, api.Revealed{Key: api.NewKey(key), KeyID: id})
	}
}

func (s *Server) tryReveal(r *http.Request, c *call) (keywright.Secret, keywright.KeyID, *api.Problem) {
	if limit, ok := s.revealing.allow(c.address); !ok {
		return keywright.Secret{}, keywright.KeyID{}, tooMany(limit)
	}
	token := r.PathValue("token")
	k, key, ok := s.once.take(token)
	if !ok {
		return key, k.id, api.NewProblem(api.NotFound, "", "there is nothing behind this link: it was used, or has ended, or never was",
			"if it was not you who used it, revoke the key; else rotate it for a new link")
	}
	if err := s.authority.Revealed(r.Context(), k.id, k.keyspace, authority.Origin{Address: c.address, Request: c.id}); err != nil {
		s.once.giveBack(token, k)
		return keywright.Secret{}, k.id, s.problemOf(c, err)
	}
	return key, k.id, nil
}
