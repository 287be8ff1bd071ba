// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"net/url"
	"strings"
)

// router remembers the patterns it was given.
type router struct {
	http.ServeMux
	patterns []string
}

func newRouter() *router { return &router{} }

// HandleFunc registers a handler.
func (m *router) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	m.patterns = append(m.patterns, pattern)
	m.ServeMux.HandleFunc(pattern, handler)
}

// match returns the pattern of a request, or nothing. A path that would first have to be cleaned matches nothing.
func (m *router) match(r *http.Request) string {
	if uncleaned(r.URL.EscapedPath()) {
		return ""
	}
	_, pattern := m.Handler(r)
	return pattern
}

// uncleaned reports whether a path has segments that stand for another path. What is escaped stands for itself: an owner
// may have any id.
func uncleaned(path string) bool {
	path += "/"
	return strings.Contains(strings.TrimSuffix(path, "/"), "//") || strings.Contains(path, "/./") || strings.Contains(path, "/../")
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// allowed returns the methods that the path of a request knows.
func (m *router) allowed(r *http.Request) (allowed []string) {
	for _, method := range methods {
		if m.match(&http.Request{Method: method, URL: &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath}, Host: r.Host}) != "" {
			allowed = append(allowed, method)
		}
	}
	return allowed
}
