// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"net/http"
	"unicode/utf8"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

var errVerdict = errors.New("the server contradicts itself about a key: no judgement was made")

// Verify asks the server about a key. An error means that no judgement could be made, and the caller must refuse; it
// says nothing about the key.
//
// It is repeated where the server could not be reached, or says that it judged nothing (429, 503). Where an answer was
// lost the server may have judged, and taken from limits and credits: then it is repeated once, so that a verification
// spends at most twice what it costs, and not at all where an answer had begun to arrive. A dry run spends nothing and is
// repeated like a read. With Options.Retries below zero nothing is repeated.
func (c *Client) Verify(ctx context.Context, ask keywright.Ask) (keywright.Verdict, error) {
	if !sendable(ask.Key) {
		return keywright.Verdict{Code: keywright.Malformed, Keyspace: ask.Keyspace}, nil
	}
	var response api.VerifyResponse
	err := c.do(ctx, call{method: http.MethodPost, path: api.PathVerify, body: api.VerifyRequestOf(ask), into: &response, repeat: true, spends: !ask.DryRun})
	if err != nil {
		return keywright.Verdict{}, err
	}
	return verdictOf(&response)
}

// sendable reports whether JSON can carry a key as it is. What is longer than any key, or no UTF-8, would arrive as
// something else or not at all; it is malformed in any keyspace.
func sendable(key keywright.Secret) bool {
	text := key.Reveal()
	return len(text) <= keywright.MaxKeyBytes && utf8.ValidString(text)
}

// verdictOf takes nothing for VALID that does not say so twice.
func verdictOf(r *api.VerifyResponse) (keywright.Verdict, error) {
	if r.Code == "" || r.Valid != (r.Code == keywright.Valid) {
		return keywright.Verdict{}, errVerdict
	}
	return r.Verdict(), nil
}

// RevokeSelf ends the key that is presented, for good. It needs no service key. Its answer is alike whether there is
// such a key or not.
func (c *Client) RevokeSelf(ctx context.Context, key keywright.Secret) error {
	if !sendable(key) {
		return nil
	}
	return c.do(ctx, call{
		method: http.MethodPost, path: api.PathRevokeSelf, body: api.RevokeSelfRequest{Key: api.NewKey(key)}, repeat: true, open: true,
	})
}

// RevokeSelves is RevokeSelf of at most 1,000 keys at once.
func (c *Client) RevokeSelves(ctx context.Context, keys []keywright.Secret) error {
	var q api.RevokeSelfRequest
	for _, key := range keys {
		if sendable(key) {
			q.Keys = append(q.Keys, api.NewKey(key))
		}
	}
	if len(q.Keys) == 0 {
		return nil
	}
	return c.do(ctx, call{method: http.MethodPost, path: api.PathRevokeSelf, body: q, repeat: true, open: true})
}

// Live asks whether the server runs.
func (c *Client) Live(ctx context.Context) error {
	return c.do(ctx, call{method: http.MethodGet, path: api.PathLive, open: true})
}

// Ready asks whether the server can judge.
func (c *Client) Ready(ctx context.Context) error {
	return c.do(ctx, call{method: http.MethodGet, path: api.PathReady, open: true})
}
