// SPDX-License-Identifier: Apache-2.0

package server

import (
	"io"
	"net/http"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

const drainedBody = 16 << 20

// generate serves POST /api/sec-api-key-generate: it makes a key and stores nothing. The contract is another house's, so
// whatever is wrong has its shape and one of its codes.
func (s *Server) generate(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	defer func() {
		if v := recover(); v != nil {
			s.logPanic(c, v)
			refuseGenerate(w, http.StatusInternalServerError, api.GenerateInternalError, "no key could be made")
		}
	}()
	s.allowOrigin(w, r)
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", "OPTIONS, POST")
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "OPTIONS, POST")
		refuseGenerate(w, http.StatusMethodNotAllowed, api.GenerateInvalidInput, "use POST")
		return
	}
	if limit, ok := s.making.allow(c.address); !ok {
		setProblemHeaders(w.Header(), tooMany(limit))
		refuseGenerate(w, http.StatusTooManyRequests, api.GenerateRateLimited, "too many requests from this address")
		return
	}
	f, fault := readGenerate(r)
	if fault != nil {
		refuseGenerate(w, http.StatusBadRequest, fault.Code, fault.Message)
		return
	}
	made, err := api.Generate(f, s.options.Random)
	if err != nil {
		c.fault = err
		refuseGenerate(w, http.StatusInternalServerError, api.GenerateInternalError, "no key could be made")
		return
	}
	writeJSON(w, http.StatusOK, api.MediaJSON, api.GenerateResponse{Success: true, Data: made})
}

func refuseGenerate(w http.ResponseWriter, status int, code, message string) {
	writeJSON(w, status, api.MediaJSON, api.GenerateResponse{Error: &api.GenerateError{Code: code, Message: message}})
}

// readGenerate reads what kind of key is asked for, or says what is wrong.
func readGenerate(r *http.Request) (keywright.Format, *api.GenerateError) {
	b, err := io.ReadAll(io.LimitReader(r.Body, smallBody+1))
	if err != nil || len(b) > smallBody {
		// Who is still sending would not see the answer: take what a mistake is likely to hold.
		_, _ = io.CopyN(io.Discard, r.Body, drainedBody)
		return keywright.Format{}, &api.GenerateError{Code: api.GenerateInvalidInput, Message: "the body did not arrive whole, or is larger than 64 KiB"}
	}
	return api.GenerateFormat(b)
}

// allowOrigin lets pages of the configured origins read the answer.
func (s *Server) allowOrigin(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	any := slices.Contains(s.options.GenerateOrigins, "*")
	if origin == "" || !any && !slices.Contains(s.options.GenerateOrigins, origin) {
		return
	}
	if any {
		origin = "*"
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Del("Cross-Origin-Resource-Policy")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", http.MethodPost)
		h.Set("Access-Control-Allow-Headers", "Content-Type")
		h.Set("Access-Control-Max-Age", "600")
	}
}
