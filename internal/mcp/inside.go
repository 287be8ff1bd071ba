// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// clientOf returns a client of the server in this process that shows the key of one request; nil where it shows none. It
// lives as long as the request.
func clientOf(server http.Handler, w http.ResponseWriter, r *http.Request) *client.Client {
	token, ok := bearer(r.Header["Authorization"])
	if !ok {
		return nil
	}
	c, err := client.New(client.Options{
		URL: "http://localhost", ServiceKey: keywright.NewSecret(token), Retries: -1, UserAgent: "keywright-mcp",
		HTTP: &http.Client{Transport: &inside{server, r, w.Header().Get(api.HeaderRequestID)}},
	})
	if err != nil {
		return nil
	}
	return c
}

// bearer returns the token of the one Authorization header. The server judges it.
func bearer(values []string) (string, bool) {
	const scheme = "bearer "
	if len(values) != 1 || len(values[0]) <= len(scheme) || !strings.EqualFold(values[0][:len(scheme)], scheme) {
		return "", false
	}
	token := strings.TrimLeft(values[0][len(scheme):], " ")
	return token, token != "" && len(token) <= keywright.MaxKeyBytes
}

// inside carries requests to a handler in this process. They come from where the outer one came, by the same way, and have
// its id: the audit chain tells them from no other.
type inside struct {
	server http.Handler
	outer  *http.Request
	id     string
}

// passed are headers by which a server tells that a request came through a proxy.
var passed = []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"}

// RoundTrip lets the handler answer. A handler that panics answers nothing.
func (t *inside) RoundTrip(r *http.Request) (response *http.Response, err error) {
	in := r.Clone(r.Context())
	in.RemoteAddr, in.RequestURI, in.Host = t.outer.RemoteAddr, r.URL.RequestURI(), t.outer.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if t.id != "" {
		in.Header[api.HeaderRequestID] = []string{t.id}
	}
	for _, name := range passed {
		if values, ok := t.outer.Header[name]; ok {
			in.Header[name] = values
		}
	}
	defer func() {
		if recover() != nil {
			response, err = nil, errors.New("the server gave the request up")
		}
	}()
	a := &answerBuffer{header: http.Header{}, status: http.StatusOK}
	t.server.ServeHTTP(a, in)
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len()), Request: r,
	}, nil
}

// answerBuffer is the answer of a handler.
type answerBuffer struct {
	header http.Header
	status int
	sent   bool
	body   bytes.Buffer
}

func (a *answerBuffer) Header() http.Header { return a.header }

func (a *answerBuffer) WriteHeader(status int) {
	if !a.sent {
		a.status, a.sent = status, true
	}
}

func (a *answerBuffer) Write(b []byte) (int, error) {
	a.sent = true
	return a.body.Write(b)
}
