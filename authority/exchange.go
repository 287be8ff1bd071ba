// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/signed"
)

// DefaultIssuer is who made a token, where nobody says otherwise.
const DefaultIssuer = "keywright"

// CheckTokens refuses an issuer and a life of signing keys that cannot be. Open does so too.
func (o *Options) CheckTokens() error {
	switch {
	case o.Issuer != "" && !plainText(o.Issuer, maxIssuer):
		return errors.New("the issuer of tokens is not of 1 to 255 printable characters without spaces, such as https://keys.example.com")
	case o.SigningKeyLife != 0 && (o.SigningKeyLife < ShortestSigningKeyLife || o.SigningKeyLife > longTimes):
		return errors.New("the life of signing keys is shorter than 4 hours or longer than 100 years")
	}
	return nil
}

// An ExchangeRequest asks for a token. All it says can only narrow what the key may do.
type ExchangeRequest struct {
	Keyspace    string        // default, where it is empty
	Environment string        // the one that is meant: a key of another is refused
	Audience    string        // one of those that the keyspace knows
	Scopes      []string      // patterns within those of the key; nil: all that it has
	Life        time.Duration // not longer than the keyspace says; 0: as long
}

// Exchanged is a token.
type Exchanged struct {
	Token    keywright.Secret
	KeyID    keywright.KeyID
	Audience string
	Scopes   []string
	Expires  time.Time
}

var errNotExchanged error = &Error{Kind: Unidentified, Problem: "the key is not valid", Hint: "send Authorization: Bearer with the key that is to be exchanged"}

// Exchange gives a token for a key, which is judged as at any verification. The error is of kind Unidentified for a key that
// is unknown, revoked, disabled or beyond its time, Denied for one that may not be exchanged so, Exhausted for one at its
// limit. The token ends with the policy's life, and never after the key, its secret or a key above it.
func (a *Authority) Exchange(ctx context.Context, key keywright.Secret, from Origin, q ExchangeRequest) (Exchanged, error) {
	if q.Keyspace == "" {
		q.Keyspace = DefaultKeyspace
	}
	reached, err := a.lastSequence(ctx)
	if err != nil {
		return Exchanged{}, err
	}
	asOf := a.acting.asOf(a.reached(reached)) // before anything is judged: what is taken away from now on is behind it
	s := a.space(q.Keyspace)
	if s == nil || q.Keyspace == ReservedKeyspace {
		return Exchanged{}, a.refuseAnyway(ctx, key, from)
	}
	policy := s.Policy.Exchange
	if policy == nil {
		return Exchanged{}, a.refuseOff(ctx, key, from, &q)
	}
	audience, err := q.check(policy)
	if err != nil {
		return Exchanged{}, err
	}
	a.exchanges.note(q.Keyspace, a.now().Add(policy.Life)) // before the key is judged: who revokes it meanwhile is told
	x := exchanging{policy: policy, scopes: q.Scopes}
	ask := keywright.Ask{Key: key, Keyspace: q.Keyspace, Environment: q.Environment, ClientIP: from.Address}
	var v keywright.Verdict
	if _, err := a.judgeWith(ctx, &ask, &v, "", &x); err != nil {
		return Exchanged{}, err
	}
	if err := x.refusal(&v); err != nil {
		return Exchanged{}, err
	}
	return a.sign(ctx, policy, &q, &v, signed.Token{Audience: audience, Ancestors: x.above, Sequence: asOf})
}

// check refuses what no key could be exchanged for, and returns the audience.
func (q *ExchangeRequest) check(policy *ExchangePolicy) (audience string, err error) {
	switch {
	case q.Life < 0 || q.Life > 0 && q.Life < time.Second:
		return "", invalid("life", "is shorter than a second", "use a duration such as 1m, or leave it out")
	case q.Life > policy.Life:
		return "", invalid("life", "is longer than "+policy.Life.String(), "leave it out for that, or ask for less")
	}
	if err := checkPatterns("scopes", q.Scopes); err != nil {
		return "", err
	}
	return policy.audience(q.Keyspace, q.Audience)
}

// refuseAnyway judges a key that cannot be exchanged where it is said to be, so that the answer does not tell why.
func (a *Authority) refuseAnyway(ctx context.Context, key keywright.Secret, from Origin) error {
	var v keywright.Verdict
	if _, err := a.judge(ctx, &keywright.Ask{Key: key, Keyspace: DefaultKeyspace, ClientIP: from.Address, DryRun: true}, &v); err != nil {
		return err
	}
	return errNotExchanged
}

// refuseOff tells who has a key of a keyspace that it does not exchange keys, and nobody else.
func (a *Authority) refuseOff(ctx context.Context, key keywright.Secret, from Origin, q *ExchangeRequest) error {
	var v keywright.Verdict
	ask := keywright.Ask{Key: key, Keyspace: q.Keyspace, Environment: q.Environment, ClientIP: from.Address, DryRun: true}
	if _, err := a.judge(ctx, &ask, &v); err != nil {
		return err
	}
	if v.Code.Uniform() {
		return errNotExchanged
	}
	return denied("keys of this keyspace are not exchanged for tokens", "an operator lets them: keywright keyspaces update NAME --exchange-life 5m")
}

// sign makes the token of a key that was judged.
func (a *Authority) sign(ctx context.Context, policy *ExchangePolicy, q *ExchangeRequest, v *keywright.Verdict, t signed.Token) (Exchanged, error) {
	key, err := a.signer(ctx, policy.algorithm())
	if err != nil {
		return Exchanged{}, err
	}
	now := a.now()
	life := policy.Life
	if q.Life > 0 {
		life = q.Life.Truncate(time.Second)
	}
	t.IssuedAt, t.NotBefore = wholeSeconds(now), wholeSeconds(now)
	t.Expires = earlier(v.ExpiresAt, t.IssuedAt.Add(life))
	if !t.Expires.After(t.IssuedAt) {
		return Exchanged{}, errNotExchanged // it ended since it was judged
	}
	t.Scopes = v.Scopes
	if q.Scopes != nil {
		t.Scopes = q.Scopes
	}
	t.KeyID, t.Client = v.KeyID.String(), v.KeyID.String()
	t.Keyspace, t.Environment, t.Owner, t.PublicID = v.Keyspace, v.Environment, v.Owner, v.PublicID
	signer := signed.TokenSigner{Issuer: a.issuer, Keys: []signed.TokenKey{key}, Life: MaxTokenLife, Type: signed.AccessToken}
	text, err := signer.Sign(t, now, a.noise)
	if err != nil {
		return Exchanged{}, &Error{Kind: Conflicting, Cause: err, Problem: "the token cannot be made", Hint: "ask for fewer scopes: a token has 8 KiB at most"}
	}
	return Exchanged{Token: text, KeyID: v.KeyID, Audience: t.Audience, Scopes: t.Scopes, Expires: t.Expires}, nil
}

// exchanges knows until when tokens can be valid that were given out.
type exchanges struct {
	mu    sync.Mutex
	until map[string]time.Time // by keyspace
}

// begin takes it that tokens were given out until the process began, where keys can have been exchanged in the last hour.
func (e *exchanges) begin(a *Authority) {
	e.until = map[string]time.Time{}
	now := a.now()
	for name, s := range *a.spaces.Load() {
		if s.Policy.Exchange != nil || len(a.signing.keys) > 0 && s.Version > 1 && now.Sub(s.Updated) < MaxTokenLife {
			e.until[name] = wholeSeconds(now).Add(MaxTokenLife)
		}
	}
}

func (e *exchanges) note(keyspace string, end time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if end.After(e.until[keyspace]) {
		e.until[keyspace] = end
	}
}

// latest returns the latest end of a token of a keyspace that can be valid after now; zero: there is none.
func (e *exchanges) latest(keyspace string, now time.Time) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	if end := e.until[keyspace]; now.Before(end) {
		return end
	}
	return time.Time{}
}

// exchanging is what a judgement decides besides where a key is to be exchanged.
type exchanging struct {
	policy  *ExchangePolicy
	scopes  []string // asked for
	above   []string // the key ids above a child
	limited bool     // the key has what nobody knows offline, and the keyspace does not exchange such keys
}

// refuses returns the steps at which a key fails because it is to be exchanged.
func (x *exchanging) refuses(ctx context.Context, j *judgement, ask *keywright.Ask) (steps uint, err error) {
	limited, err := j.limited(ctx)
	if err != nil {
		return 0, err
	}
	if x.limited = limited && x.policy.Spend != SpendAllow; x.limited {
		steps |= 1 << stepForbidden
	}
	sets := []*ruleSet{j.rules}
	for _, above := range j.above[:j.depth] {
		x.above = append(x.above, above.id.String())
		sets = append(sets, above.rules)
	}
	for _, r := range sets {
		if r != nil && len(r.Networks) > 0 && (!ask.ClientIP.IsValid() || !allowsAddress(r.Networks, ask.ClientIP)) {
			steps |= 1 << stepForbidden
		}
	}
	scopes := j.effective()
	if slices.ContainsFunc(x.scopes, func(s string) bool { return !keywright.Includes(scopes, s) }) {
		steps |= 1 << stepScope
	}
	return steps, nil
}

// limited reports whether a key, its owner, its keyspace or a key above it has credits or limits, or whether a rule says
// from where and for what it may be used.
func (j *judgement) limited(ctx context.Context) (bool, error) {
	if len(j.space.limits) > 0 || j.owner != "" && len(j.space.ownerLimits) > 0 || j.rules.limited() {
		return true, nil
	}
	for _, above := range j.above[:j.depth] {
		if above.rules.limited() {
			return true, nil
		}
	}
	if j.owner == "" {
		return false, nil
	}
	o, err := j.authority.owner(ctx, j.space, j.owner)
	return o != nil && (len(o.limits) > 0 || o.credits), err
}

func (r *ruleSet) limited() bool {
	return r != nil && (len(r.limits) > 0 || r.credits || len(r.Networks)+len(r.Origins)+len(r.Methods)+len(r.Paths) > 0)
}

// refusal says why a key is not exchanged, as far as who holds it may know; nil: it is.
func (x *exchanging) refusal(v *keywright.Verdict) error {
	switch {
	case v.Valid():
		return nil
	case v.Code.Uniform():
		return errNotExchanged
	case v.Code == keywright.RateLimited:
		limit := v.Limit
		return &Error{Kind: Exhausted, Problem: "a limit of the key is reached", Hint: "come again when it allows", Limit: &limit}
	case v.Code == keywright.CreditsExhausted:
		return &Error{Kind: Exhausted, Problem: "the credits of the key are used up", Hint: "ask who gave you the key for more"}
	case v.Code == keywright.InsufficientScope:
		return denied("the key has not all of these scopes", "leave scopes out for all that it has")
	case x.limited:
		return denied("the key has credits, limits or rules, which nobody looks at while a token lives", "use the key itself; an operator can let such keys be exchanged: policy.exchange.spend")
	}
	return denied("the key may not be exchanged from here or for this environment", "use it where it is meant to be used")
}
