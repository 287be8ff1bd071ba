// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/signed"
)

// Exchange gives a short-lived token for a key, which is sent in place of the service key: none is needed. An error of code
// api.Unauthenticated says that the key is not valid, and not why.
func (c *Client) Exchange(ctx context.Context, key keywright.Secret, q api.ExchangeRequest) (api.ExchangeResponse, error) {
	var out api.ExchangeResponse
	if !sendable(key) || key.IsZero() || strings.ContainsFunc(key.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return out, api.NewProblem(api.Unauthenticated, "Authorization", "the key is not valid", "give the key that is to be exchanged, alone")
	}
	header := http.Header{"Authorization": {"Bearer " + key.Reveal()}}
	return out, c.do(ctx, call{method: http.MethodPost, path: api.PathExchange, body: q, into: &out, header: header, open: true})
}

// KeySet returns the public keys of tokens; the zero value where there are none yet.
func (c *Client) KeySet(ctx context.Context) (signed.KeySet, error) {
	var text json.RawMessage
	if err := c.do(ctx, call{method: http.MethodGet, path: api.PathKeySet, into: &text, repeat: true, open: true}); err != nil {
		return signed.KeySet{}, err
	}
	var none struct{ Keys []json.RawMessage }
	if json.Unmarshal(text, &none) == nil && none.Keys != nil && len(none.Keys) == 0 {
		return signed.KeySet{}, nil
	}
	return signed.ParseKeySet(text)
}

// A RevocationQuery asks what was taken away in a keyspace.
type RevocationQuery struct {
	Keyspace string
	After    string        // the cursor of the answer before; empty: all that a token can have missed
	Wait     time.Duration // for something to tell, a minute at most; 0: not
}

// Revocations returns what was taken away from the keys of a keyspace. The answer is true as of a moment not before the call.
func (c *Client) Revocations(ctx context.Context, q RevocationQuery) (api.RevocationList, error) {
	var l api.RevocationList
	query := values("keyspace", q.Keyspace, "after", q.After)
	if q.Wait > 0 {
		query.Set("wait", api.Duration(q.Wait).String())
	}
	return l, c.do(ctx, call{method: http.MethodGet, path: api.PathRevocations, query: query, into: &l, limit: maxList, slow: q.Wait > 0})
}

// SigningKeys lists the keys that sign tokens.
func (c *Client) SigningKeys(ctx context.Context) ([]api.SigningKey, error) {
	var l api.SigningKeyList
	err := c.do(ctx, call{method: http.MethodGet, path: api.PathSigningKeys, into: &l, repeat: true})
	return l.SigningKeys, err
}

// RotateSigningKeys makes new keys that sign tokens. With revokeOld every token ends.
func (c *Client) RotateSigningKeys(ctx context.Context, revokeOld bool) ([]api.SigningKey, error) {
	var l api.SigningKeyList
	err := c.do(ctx, call{
		method: http.MethodPost, path: api.PathRotateSigningKeys, body: api.RotateSigningKeysRequest{RevokeOld: revokeOld}, into: &l,
	})
	return l.SigningKeys, err
}
