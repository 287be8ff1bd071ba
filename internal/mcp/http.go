// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/keywright/keywright/api"
)

// HTTPOptions say what serves /mcp. Server is needed.
type HTTPOptions struct {
	Server  http.Handler // answers /v1, in this process
	Links   Links        // nil: a new key is shown in the result, or not made
	Origins []string     // web origins whose pages may call it, besides those of this machine; their hosts are taken as names of this server, too
	Version string       // of the program
	Logger  *slog.Logger // for what should not happen; nil: silent

	NoGenerate bool // offers nothing that makes keys without a service key
}

// MaxBody bounds the body of a request, in bytes.
const MaxBody = 256 << 10

// Handler returns the handler of /mcp: streamable HTTP without sessions, so that a request is all there is. Tools that
// need the authority ask Server with the service key of the same request.
func Handler(o HTTPOptions) http.Handler {
	t := newToolset(offer{authority: true, making: !o.NoGenerate}, o.Version, nil, o.Logger)
	return &handler{
		toolset: t, options: o,
		next: sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return t.server }, &sdk.StreamableHTTPOptions{
			Stateless: true, JSONResponse: true, DisableLocalhostProtection: true, MaxRequestBodyBytes: 2 * MaxBody, // both are looked at before
		}),
	}
}

type handler struct {
	*toolset
	options HTTPOptions
	next    http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	if !h.ours(r) {
		answer(w, http.StatusForbidden, nil, refuse(jsonrpc.CodeInvalidRequest, "this origin or host may not call: configure it with --mcp-origin"))
		return
	}
	h.allowOrigin(w, r)
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", "OPTIONS, POST")
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodPost: // there are no streams to open and no sessions to end
		w.Header().Set("Allow", "OPTIONS, POST")
		answer(w, http.StatusMethodNotAllowed, nil, refuse(jsonrpc.CodeInvalidRequest, "use POST: there are no streams and no sessions here"))
		return
	}
	if version := r.Header.Get("Mcp-Protocol-Version"); version != "" && !slices.Contains(sdk.SupportedProtocolVersions(), version) {
		answer(w, http.StatusBadRequest, nil, refuse(jsonrpc.CodeInvalidRequest, "this version of the protocol is not spoken here"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		answer(w, http.StatusRequestEntityTooLarge, nil, refuse(jsonrpc.CodeInvalidRequest, "the body is larger than 256 KiB"))
		return
	case err != nil:
		answer(w, http.StatusBadRequest, nil, refuse(jsonrpc.CodeInvalidRequest, "the body did not arrive whole"))
		return
	}
	h.pass(w, r, body)
}

// pass hands a message that is one to the library, with a client of its own.
func (h *handler) pass(w http.ResponseWriter, r *http.Request, body []byte) {
	text, id, wrong := h.vet(body)
	switch {
	case wrong != nil && len(id) == 0:
		answer(w, http.StatusBadRequest, nil, wrong)
		return
	case wrong != nil:
		answer(w, http.StatusOK, id, wrong)
		return
	case text == nil:
		w.WriteHeader(http.StatusAccepted)
		return
	}
	ctx := r.Context()
	if c := clientOf(h.options.Server, w, r); c != nil {
		ctx = withClient(ctx, c)
	}
	if h.options.Links != nil {
		ctx = context.WithValue(ctx, linksKey{}, &linker{h.options.Links, baseOf(r)})
	}
	r = r.WithContext(ctx)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	h.next.ServeHTTP(unstored{w}, r)
}

// unstored is an answer that nobody may store, whatever the library thinks of it: it can hold a key.
type unstored struct{ http.ResponseWriter }

func (w unstored) WriteHeader(status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.ResponseWriter.WriteHeader(status)
}

func (w unstored) Write(b []byte) (int, error) {
	w.Header().Set("Cache-Control", "no-store")
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w unstored) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// answer answers with a refusal.
func answer(w http.ResponseWriter, status int, id []byte, wrong *jsonrpc.Error) {
	w.Header().Set("Content-Type", api.MediaJSON)
	w.WriteHeader(status)
	_, _ = w.Write(refusalText(id, wrong)) // a client that went away is no fault
}
