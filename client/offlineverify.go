// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/signed"
)

// Verify judges the token in ask.Key. An error means that no judgement was made, and the caller must refuse. What it
// refuses because something was taken away is REVOKED, whatever it was.
func (o *Offline) Verify(ctx context.Context, ask keywright.Ask) (keywright.Verdict, error) {
	if len(ask.Limits) > 0 || ask.Cost > 1 || len(ask.Include) > 0 {
		return keywright.Verdict{}, errOfflineLimits
	}
	for _, s := range ask.Scopes {
		if err := keywright.CheckScope(s); err != nil {
			return keywright.Verdict{}, fmt.Errorf("the ask holds something else than scopes: %w", err)
		}
	}
	var expr *keywright.ScopeExpr
	if ask.ScopeExpr != "" {
		e, err := keywright.ParseScopeExpr(ask.ScopeExpr)
		if err != nil {
			return keywright.Verdict{}, fmt.Errorf("the scope expression of the ask cannot be read: %w", err)
		}
		expr = &e
	}
	v, unknown, err := o.judge(&ask, expr)
	if !unknown || err != nil {
		return v, err
	}
	if err := o.refetch(ctx); err != nil {
		return keywright.Verdict{}, fmt.Errorf("the token names a signing key that is not known, and the server cannot be asked: no judgement was made: %w", err)
	}
	v, _, err = o.judge(&ask, expr)
	return v, err
}

// judge is Verify with what is known now. The key that signed may be unknown because it is new.
func (o *Offline) judge(ask *keywright.Ask, expr *keywright.ScopeExpr) (v keywright.Verdict, unknown bool, err error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if err := o.usable(); err != nil {
		return v, false, err
	}
	code, reason := keywright.Valid, ""
	v.Keyspace = o.keyspace
	t, err := o.verifier.Verify(ask.Key, o.clock())
	switch noKeys := len(o.verifier.Keys.IDs()) == 0; {
	case noKeys || errors.Is(err, signed.ErrUnknownKey):
		code, unknown, reason = keywright.NotFound, true, "signed with a key that is not known"
	case errors.Is(err, signed.ErrUnusable):
		return v, false, err
	case err != nil:
		code, reason = codeOf(err), err.Error()
	default:
		code, reason = o.weigh(&t, ask, expr, &v)
	}
	v.Code = code
	if ask.Explain {
		v.Detail = &keywright.Detail{Checks: []keywright.Check{{Code: code, OK: code == keywright.Valid, Reason: reason}}}
	}
	if err := o.usable(); err != nil { // it is looked at once more: what was judged must not be answered later
		return keywright.Verdict{}, false, err
	}
	return v, unknown, nil
}

// codeOf says what an error of a token is. Another issuer or audience is as good as another store.
func codeOf(err error) keywright.Code {
	switch {
	case errors.Is(err, signed.ErrMalformed):
		return keywright.Malformed
	case errors.Is(err, signed.ErrExpired):
		return keywright.Expired
	case errors.Is(err, signed.ErrNotYet):
		return keywright.NotYetValid
	}
	return keywright.NotFound
}

// weigh judges a token that is genuine.
func (o *Offline) weigh(t *signed.Token, ask *keywright.Ask, expr *keywright.ScopeExpr, v *keywright.Verdict) (keywright.Code, string) {
	id, err := keywright.ParseKeyID(t.KeyID)
	switch {
	case err != nil || t.Sequence == 0:
		return keywright.Malformed, "a token that no key was exchanged for"
	case t.Keyspace != o.keyspace || ask.Keyspace != "" && ask.Keyspace != t.Keyspace:
		return keywright.NotFound, "of another keyspace"
	}
	v.KeyID, v.PublicID, v.Environment, v.Owner = id, t.PublicID, t.Environment, t.Owner
	v.Scopes, v.ExpiresAt = t.Scopes, t.Expires
	if reason := o.taken.from(t); reason != "" {
		return keywright.Revoked, reason
	}
	if ask.Environment != "" && t.Environment != "" && t.Environment != ask.Environment {
		return keywright.Forbidden, "of the environment " + t.Environment
	}
	missing := keywright.MissingScopes(t.Scopes, ask.Scopes)
	if expr != nil {
		if ok, more := expr.Granted(t.Scopes); !ok {
			missing = append(missing, more...)
			v.Missing = missing
			return keywright.InsufficientScope, "scopes are missing"
		}
	}
	if len(missing) > 0 {
		v.Missing = missing
		return keywright.InsufficientScope, "scopes are missing"
	}
	return keywright.Valid, ""
}
