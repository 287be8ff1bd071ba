// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const tokensTag = "Tokens"

// exchange gives a token for the key that is presented.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	out, p := s.tryExchange(r, c)
	if p != nil {
		p.RequestID = c.id
		writeProblem(w, p)
		return
	}
	writeJSON(w, http.StatusOK, api.MediaJSON, out)
}

func (s *Server) tryExchange(r *http.Request, c *call) (api.ExchangeResponse, *api.Problem) {
	var out api.ExchangeResponse
	if limit, ok := s.trading.open(c.address); !ok {
		return out, tooMany(limit)
	}
	b, p := readAll(r)
	if p != nil {
		return out, p
	}
	var q api.ExchangeRequest
	if len(b) > 0 {
		if p := decode(b, &q); p != nil {
			return out, p
		}
	}
	token, ok := bearer(r.Header["Authorization"])
	if !ok {
		s.trading.allow(c.address)
		return out, errNoKeyToExchange()
	}
	from := authority.Origin{Request: c.id}
	if !proxied(r) { // else the address is the proxy's: where the holder is, nobody knows
		from.Address = c.address
	}
	done, err := s.authority.Exchange(r.Context(), keywright.NewSecret(token), from, authority.ExchangeRequest{
		Keyspace: q.Keyspace, Environment: q.Environment, Audience: q.Audience, Scopes: q.Scopes, Life: q.Life.Duration(),
	})
	if err != nil {
		return out, s.exchangeProblem(c, err)
	}
	return api.ExchangeResponse{
		Token: api.NewKey(done.Token), TokenType: api.TokenTypeBearer, KeyID: done.KeyID, Audience: done.Audience,
		Scopes: list(done.Scopes), ExpiresAt: done.Expires,
	}, nil
}

// exchangeProblem says why there is no token. What is refused counts against the address, and is no refusal of a service
// key.
func (s *Server) exchangeProblem(c *call, err error) *api.Problem {
	var own *authority.Error
	if !errors.As(err, &own) || own.Kind == authority.Unavailable {
		return s.problemOf(c, err)
	}
	s.trading.allow(c.address)
	switch own.Kind {
	case authority.Unidentified:
		return errNoKeyToExchange()
	case authority.Denied:
		return fromAuthority(own)
	}
	return s.problemOf(c, err)
}

func errNoKeyToExchange() *api.Problem {
	return api.NewProblem(api.Unauthenticated, "Authorization", "the key is missing or not valid", "send one header Authorization: Bearer with the key that is to be exchanged")
}

// keySet serves the public keys of tokens. Anybody may read and keep them for as long as a key is published before it
// signs.
func (s *Server) keySet(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	set, err := s.authority.KeySet(r.Context())
	if err != nil {
		p := s.problemOf(c, err)
		writeProblem(w, p)
		return
	}
	text := []byte(`{"keys":[]}`)
	if len(set.IDs()) > 0 {
		if text, err = set.MarshalJSON(); err != nil {
			writeProblem(w, s.problemOf(c, err))
			return
		}
	}
	h := w.Header()
	h.Set("Content-Type", api.MediaJSON)
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(authority.KeySetCache.Seconds())))
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	_, _ = w.Write(text)
}

// registerSigningKeys registers the routes of tokens that huma serves.
func (s *Server) registerSigningKeys() {
	register(s, huma.Operation{
		OperationID: "list-signing-keys", Method: http.MethodGet, Path: api.PathSigningKeys, Tags: []string{tokensTag}, Summary: "List the keys that sign tokens",
	}, s.listSigningKeys)
	register(s, huma.Operation{
		OperationID: "rotate-signing-keys", Method: http.MethodPost, Path: api.PathRotateSigningKeys, Tags: []string{tokensTag}, Summary: "Make new keys that sign tokens",
		Description: "They rotate on their own; this is for now. With revoke_old every token ends at once, for whoever follows " + api.PathRevocations + "; who only keeps the key set, when it is read again.",
	}, s.rotateSigningKeys)
	register(s, huma.Operation{
		OperationID: "list-revocations", Method: http.MethodGet, Path: api.PathRevocations, Tags: []string{tokensTag}, Summary: "Read what was taken away from keys",
		Description: "For who verifies tokens offline. A token names in seq the event as of which its key was judged; an entry with a higher sequence that concerns it ends it. " +
			"Nobody needs to be asked for longer than this list is old.",
	}, s.listRevocations)
}

func (s *Server) listSigningKeys(ctx context.Context, c *call, _ *struct{}) (api.SigningKeyList, int, error) {
	keys, err := s.authority.SigningKeys(ctx, c.caller)
	return signingKeys(keys), http.StatusOK, err
}

type rotateSigningKeysIn struct {
	Body *body[api.RotateSigningKeysRequest]
}

func (s *Server) rotateSigningKeys(ctx context.Context, c *call, in *rotateSigningKeysIn) (api.SigningKeyList, int, error) {
	keys, err := s.authority.RotateSigningKeys(ctx, c.caller, in.Body != nil && in.Body.value.RevokeOld)
	return signingKeys(keys), http.StatusOK, err
}

func signingKeys(keys []authority.SigningKey) api.SigningKeyList {
	out := api.SigningKeyList{SigningKeys: []api.SigningKey{}}
	for _, k := range keys {
		out.SigningKeys = append(out.SigningKeys, api.SigningKey{
			ID: k.ID, Algorithm: k.Algorithm, State: k.State, CreatedAt: k.Created, SignsFrom: k.SignsFrom, GoneAt: k.GoneAt,
		})
	}
	return out
}

type listRevocationsIn struct {
	Keyspace string `query:"keyspace" doc:"default, where it is left out, or the one that the service key is bound to."`
	After    string `query:"after" doc:"The cursor of the answer before; without it all that a token can have missed."`
	Wait     string `query:"wait" doc:"For something to tell, 60s at most." example:"30s"`
}

func (s *Server) listRevocations(ctx context.Context, c *call, in *listRevocationsIn) (api.RevocationList, int, error) {
	wait, err := parseWait(in.Wait)
	if err != nil {
		return api.RevocationList{}, 0, err
	}
	q := authority.FeedQuery{Keyspace: in.Keyspace, After: in.After, Wait: wait}
	ctx, stop := s.untilStopping(ctx)
	defer stop()
	f, err := s.authority.Revocations(ctx, c.caller, q)
	out := api.RevocationList{Revocations: []api.Taken{}, Begins: f.Begins, From: f.From, Cursor: f.Cursor, More: f.More, AsOf: f.AsOf, Keys: list(f.Keys)}
	for _, t := range f.Entries {
		out.Revocations = append(out.Revocations, api.Taken{
			Sequence: t.Sequence, Time: t.Time, Kind: string(t.Kind), Keyspace: t.Keyspace, KeyID: t.Key, Secrets: t.Secrets, Reason: string(t.Reason),
		})
	}
	return out, http.StatusOK, err
}

// exchanges documents the routes of tokens that are written by hand.
func (d documenter) exchanges() {
	d.add(huma.Operation{
		OperationID: "exchange", Method: http.MethodPost, Path: api.PathExchange, Tags: []string{tokensTag}, Summary: "A short-lived token for a key",
		Description: "The key itself goes in Authorization: Bearer. It is judged as at any verification. The body can be left out. Failures are limited by address.",
	}, http.StatusOK, content(api.MediaJSON, schema[api.ExchangeRequest](d)), content(api.MediaJSON, schema[api.ExchangeResponse](d)))
	d.add(huma.Operation{
		OperationID: "key-set", Method: http.MethodGet, Path: api.PathKeySet, Tags: []string{tokensTag}, Summary: "The public keys of tokens",
		Description: "A JWK set (RFC 7517). A key is in it for 65 minutes before it signs.",
	}, http.StatusOK, nil, content(api.MediaJSON, &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}))
}
