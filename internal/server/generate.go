// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

const (
	generatePreset = "unambiguous"
	generateLength = 32
	drainedBody    = 16 << 20
)

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
	if fault != "" {
		refuseGenerate(w, http.StatusBadRequest, api.GenerateInvalidInput, fault)
		return
	}
	made, err := s.make(f)
	if err != nil {
		c.fault = err
		refuseGenerate(w, http.StatusInternalServerError, api.GenerateInternalError, "no key could be made")
		return
	}
	writeJSON(w, http.StatusOK, api.MediaJSON, api.GenerateResponse{Success: true, Data: made})
}

func (s *Server) make(f keywright.Format) (*api.Generated, error) {
	g, err := keywright.NewGenerator(f, s.options.Random)
	if err != nil {
		return nil, err
	}
	k, err := g.Next("")
	if err != nil {
		return nil, err
	}
	return &api.Generated{Key: api.NewKey(k.Full()), Prefix: k.Prefix(), Entropy: api.NewKey(k.Secret())}, nil
}

func refuseGenerate(w http.ResponseWriter, status int, code, message string) {
	writeJSON(w, status, api.MediaJSON, api.GenerateResponse{Error: &api.GenerateError{Code: code, Message: message}})
}

// readGenerate reads what kind of key is asked for, or says what is wrong. Fields that are not of the contract are passed
// over, as its other implementations do.
func readGenerate(r *http.Request) (f keywright.Format, fault string) {
	b, err := io.ReadAll(io.LimitReader(r.Body, smallBody+1))
	if err != nil || len(b) > smallBody {
		// Who is still sending would not see the answer: take what a mistake is likely to hold.
		_, _ = io.CopyN(io.Discard, r.Body, drainedBody)
		return f, "the body did not arrive whole, or is larger than 64 KiB"
	}
	var fields map[string]json.RawMessage
	if !utf8.Valid(b) || json.Unmarshal(b, &fields) != nil || fields == nil {
		return f, "the body is not a JSON object: send {\"prefix\":\"sk_live\",\"length\":32}"
	}
	var prefix *string
	if raw, ok := fields["prefix"]; !ok || json.Unmarshal(raw, &prefix) != nil || prefix == nil || *prefix == "" {
		return f, "prefix is missing or not text: use a label such as sk_live"
	}
	length := generateLength
	if raw, ok := fields["length"]; ok {
		var number *float64
		if json.Unmarshal(raw, &number) != nil || number == nil || *number != float64(int(*number)) {
			return f, "length is not a whole number: use 16 to 64"
		}
		length = int(*number)
	}
	if f, err = keywright.Preset(generatePreset); err == nil {
		f.Prefix, f.Secret.Chars = *prefix, length
		f, err = f.Normalize()
	}
	var wrong *keywright.FormatError
	switch {
	case errors.As(err, &wrong) && wrong.Field == "secret":
		return f, "length is out of range: use 16 to 64"
	case err != nil || f.Prefix != *prefix:
		return f, "prefix is not possible: use words of letters and digits joined by _, at most 32 characters, such as sk_live"
	}
	return f, ""
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
