// SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// sessionTokenLength is that of 32 bytes in base64url.
const sessionTokenLength = 43

// overTLS reports whether the client speaks TLS: with this server, or with a proxy in front of it that may be believed.
func (s *Server) overTLS(r *http.Request, c *call) bool {
	if r.TLS != nil {
		return true
	}
	said := r.Header["X-Forwarded-Proto"]
	return len(said) == 1 && said[0] == "https" &&
		(fromSocket(r.Context()) || slices.ContainsFunc(s.options.ProxyNetworks, func(n netip.Prefix) bool { return n.Contains(c.address) }))
}

// sessionCookie is the cookie of a token. Over TLS no other host, and nobody on the way, can set one of its name.
func (s *Server) sessionCookie(r *http.Request, c *call, token string) *http.Cookie {
	cookie := &http.Cookie{
		Name: api.CookieSessionPlain, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	if s.overTLS(r, c) {
		cookie.Name, cookie.Secure = api.CookieSession, true
	}
	return cookie
}

// sessionToken returns what stands in the cookie of a session. Two of one name are none: one could be of somebody else.
func (s *Server) sessionToken(r *http.Request, c *call) (token keywright.Secret, ok bool) {
	name := api.CookieSessionPlain
	if s.overTLS(r, c) {
		name = api.CookieSession
	}
	cookies := r.CookiesNamed(name)
	if len(cookies) != 1 || !tokenLike(cookies[0].Value) {
		return token, false
	}
	return keywright.NewSecret(cookies[0].Value), true
}

func tokenLike(s string) bool {
	return len(s) == sessionTokenLength && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') && r != '-' && r != '_'
	})
}

// csrfOf returns what a page of this server shows with a request: who only makes a browser send the cookie does not know
// it. It does not tell the token.
func csrfOf(token keywright.Secret) string {
	mac := hmac.New(sha256.New, []byte(token.Reveal()))
	mac.Write([]byte("keywright csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// provesOrigin reports whether a request has the csrf of the session.
func provesOrigin(r *http.Request, token keywright.Secret) bool {
	given := r.Header.Values(api.HeaderCSRF)
	return len(given) == 1 && hmac.Equal([]byte(given[0]), []byte(csrfOf(token)))
}

// safe reports whether a method changes nothing.
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// ownPage reports whether a browser says nothing else than that a request is of a page of this server. Another port, another
// subdomain and another scheme are other pages; what is no browser says nothing.
func (s *Server) ownPage(r *http.Request, c *call) bool {
	for _, site := range r.Header["Sec-Fetch-Site"] {
		if site != "same-origin" && site != "none" { // none: somebody typed the address
			return false
		}
	}
	for _, origin := range r.Header["Origin"] {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) || u.Scheme != "http" && u.Scheme != "https" || s.overTLS(r, c) && u.Scheme != "https" {
			return false
		}
	}
	return true
}

func errCrossSite() *api.Problem {
	return api.NewProblem(api.CrossSite, "", "a session is only for pages of this server, and its "+api.HeaderCSRF+" is missing or not that of the cookie",
		"GET "+api.PathSessions+" tells it; behind a proxy, let the Host of the request pass unchanged; programs send a service key in Authorization: Bearer")
}
