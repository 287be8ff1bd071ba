// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const sessionsTag = "Sessions"

// signIn gives a session for the service key that is presented. Failures are limited by address.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	out, token, err := s.trySignIn(r, c)
	if err != nil {
		writeProblem(w, s.problemOf(c, err))
		return
	}
	http.SetCookie(w, s.sessionCookie(r, c, token.Reveal()))
	writeJSON(w, http.StatusCreated, api.MediaJSON, out)
}

func (s *Server) trySignIn(r *http.Request, c *call) (api.Session, keywright.Secret, error) {
	if !s.ownPage(r, c) {
		return api.Session{}, keywright.Secret{}, errCrossSite()
	}
	if limit, ok := s.signing.open(c.address); !ok {
		return api.Session{}, keywright.Secret{}, tooMany(limit)
	}
	key, ok := bearer(r.Header["Authorization"])
	if !ok {
		s.signing.allow(c.address)
		return api.Session{}, keywright.Secret{}, errNoServiceKey
	}
	session, token, err := s.authority.BeginSession(r.Context(), keywright.NewSecret(key), authority.Origin{Address: c.address, Request: c.id})
	if isUnidentified(err) {
		s.signing.allow(c.address)
	}
	return sessionOf(&session, token), token, err
}

// resume sets the caller by the token of a session. A request that waits for news says nothing of whether somebody is
// there: it does not put the idle timeout off.
func (s *Server) resume(r *http.Request, c *call, token keywright.Secret) error {
	if !s.ownPage(r, c) || !safe(r.Method) && !provesOrigin(r, token) {
		return errCrossSite()
	}
	from := authority.Origin{Address: c.address, Request: c.id}
	session, caller, err := s.authority.ResumeSession(r.Context(), token, from, !r.URL.Query().Has("wait"))
	if err != nil {
		return err
	}
	shown := sessionOf(&session, token)
	c.caller, c.session = caller, &shown
	return nil
}

func (s *Server) showSession(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	if c.session == nil {
		writeProblem(w, s.problemOf(c, errNoSession()))
		return
	}
	writeJSON(w, http.StatusOK, api.MediaJSON, c.session)
}

// signOut ends the session, or with all those of the service key.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	var err error
	switch all := r.URL.Query(); {
	case len(all) > 1 || len(all) == 1 && !all.Has("all"):
		err = invalid("", "the query holds a parameter that is not known", "GET "+api.PathDocs+" shows those that are")
	case all.Has("all") && all.Get("all") != "true":
		err = invalid("all", "is not true", "leave it out, to end this session alone")
	case all.Has("all"):
		_, err = s.authority.EndSessions(r.Context(), c.caller)
	case c.session == nil:
		err = errNoSession()
	default:
		err = s.authority.EndSession(r.Context(), c.caller)
	}
	if err != nil {
		writeProblem(w, s.problemOf(c, err))
		return
	}
	if c.session != nil {
		gone := s.sessionCookie(r, c, "")
		gone.MaxAge = -1
		http.SetCookie(w, gone)
	}
	w.WriteHeader(http.StatusNoContent)
}

func errNoSession() *api.Problem {
	return api.NewProblem(api.SessionEnded, "", "there is no session: the request came with a service key", "sign in with POST "+api.PathSessions+", and send its cookie without Authorization")
}

func sessionOf(s *authority.Session, token keywright.Secret) api.Session {
	return api.Session{
		KeyID: s.Key, Name: s.Name, Keyspace: s.Keyspace, Scopes: list(s.Scopes), CSRF: csrfOf(token),
		ExpiresAt: s.Ends.UTC(), IdleUntil: s.Idle.UTC().Truncate(time.Millisecond),
	}
}

func (d documenter) sessions() {
	session := content(api.MediaJSON, schema[api.Session](d))
	o := d.add(huma.Operation{
		OperationID: "sign-in", Method: http.MethodPost, Path: api.PathSessions, Tags: []string{sessionsTag}, Summary: "Begin a session of a service key",
		Description: "The answer sets a cookie that scripts cannot read. A request with it and without Authorization does what the service key may do at that moment: one that is revoked, " +
			"disabled, expired or bound to other networks gets session_ended. Failures are limited by address.",
	}, http.StatusCreated, nil, session)
	o.Responses["201"].Headers = map[string]*huma.Param{"Set-Cookie": {Schema: &huma.Schema{Type: huma.TypeString}, Description: "HttpOnly; SameSite=Strict; Path=/; over TLS also Secure."}}
	d.add(huma.Operation{
		OperationID: "show-session", Method: http.MethodGet, Path: api.PathSessions, Tags: []string{sessionsTag}, Summary: "Show the session of the cookie",
	}, http.StatusOK, nil, session)
	d.add(huma.Operation{
		OperationID: "sign-out", Method: http.MethodDelete, Path: api.PathSessions, Tags: []string{sessionsTag}, Summary: "End the session, or all of the service key",
		Description: "With all=true the sessions of the service key end, all of them; the key itself does too in place of the cookie.",
		Parameters:  []*huma.Param{{Name: "all", In: "query", Schema: &huma.Schema{Type: huma.TypeBoolean}, Description: "End every session of the service key."}},
	}, http.StatusNoContent, nil, nil)
}
