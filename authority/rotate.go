// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

const (
	defaultGrace    = 24 * time.Hour
	defaultMaxGrace = 366 * 24 * time.Hour
	idleAtMost      = 30 * 24 * time.Hour // of a grace that names only idle
	shortestIdle    = time.Minute
	maxSecrets      = 10
)

// A Grace is how long the secrets of a key live on after a rotation.
type Grace struct {
	AtMost time.Duration // 0 without Idle: they end now; 0 with Idle: 30 days, or what the policy allows
	Idle   time.Duration // they end earlier when they were not used for so long; 0: they do not
}

// A RotateRequest asks for a new secret of a key.
type RotateRequest struct {
	Grace *Grace // nil: as the policy of the keyspace says, or 24 hours
	Force bool   // also while a grace of an earlier rotation runs; that one goes on, unless the new one is 0

	// Hash and PublicID register a secret that was made elsewhere.
	Hash     keywright.Hash
	PublicID string

	// IdempotencyKey makes a repeat of the request within 24 hours return the same record, without the secret.
	IdempotencyKey string
}

// Rotate gives a key a new secret. Its id, limits, credits, scopes and history stay. The secrets before it verify until the
// grace ends; with a grace of 0, a verification that begins after Rotate has returned does not answer VALID for them.
func (a *Authority) Rotate(ctx context.Context, c Caller, id keywright.KeyID, q RotateRequest) (Issued, error) {
	if q.IdempotencyKey == "" {
		return a.rotate(ctx, c, id, q, nil)
	}
	body, err := json.Marshal(q)
	if err != nil {
		return Issued{}, err
	}
	answer, err := a.answer("rotate", c, q.IdempotencyKey, id.String()+string(body))
	if err != nil {
		return Issued{}, err
	}
	if issued, done, err := a.rotated(ctx, answer); done || err != nil {
		return issued, err
	}
	issued, err := a.rotate(ctx, c, id, q, &answer)
	var conflict *ConflictError
	if errors.As(err, &conflict) && conflict.What == "answer" {
		if issued, done, err := a.rotated(ctx, answer); done || err != nil {
			return issued, err
		}
	}
	return issued, err
}

// rotated returns what a rotation did when it was made before. Nobody may have waited yet until the other nodes knew.
func (a *Authority) rotated(ctx context.Context, answer Answer) (Issued, bool, error) {
	issued, done, err := a.repeated(ctx, answer)
	if done && err == nil {
		err = fromStore(a.everywhere(ctx))
	}
	return issued, done, err
}

func (a *Authority) rotate(ctx context.Context, c Caller, id keywright.KeyID, q RotateRequest, answer *Answer) (issued Issued, err error) {
	for tries := 1; ; tries++ {
		e := edit{scope: ScopeRotate, verb: "key.rotate", change: func(r *Record) (changes []string, err error) {
			issued, changes, err = a.renew(c, r, q)
			return changes, err
		}}
		if answer != nil {
			answer.Record = id
			e.also = func() []Put { return []Put{answer} }
		}
		issued.Record, err = a.change(ctx, c, id, e)
		var conflict *ConflictError
		if errors.As(err, &conflict) && conflict.What == "public_id" && q.Hash.IsZero() && tries < publicIDTries {
			continue
		}
		if err != nil {
			return Issued{}, err
		}
		return issued, nil
	}
}

// renew puts a new secret in front of the others.
func (a *Authority) renew(c Caller, r *Record, q RotateRequest) (issued Issued, changes []string, err error) {
	now := a.now()
	s := a.space(r.Keyspace)
	if s == nil {
		return issued, nil, unknown("keyspace", "")
	}
	switch {
	case !r.Revoked.IsZero():
		return issued, nil, &Error{Kind: Conflicting, Problem: "the key was revoked, which cannot be undone", Hint: "issue another key"}
	case !r.Expires.IsZero() && !now.Before(r.Expires): // whatever else it is
		return issued, nil, &Error{Kind: Conflicting, Problem: "the key has expired, and so would the new secret", Hint: "give it a later expires_at first, or issue another key"}
	}
	if err := a.checkGift(c, r); err != nil {
		return issued, nil, err
	}
	grace, err := q.grace(&s.Policy)
	if err != nil {
		return issued, nil, err
	}
	inGrace := slices.ContainsFunc(r.Secrets, func(o StoredSecret) bool { return o.Grace && now.Before(o.Expires) })
	if inGrace && !q.Force {
		return issued, nil, &Error{Kind: Conflicting, Problem: "the grace of the last rotation still runs", Hint: "end it first, or force a second rotation: then the secrets of both verify until their ends"}
	}
	secret, err := a.newSecret(s, r, q, now, &issued)
	if err != nil {
		return issued, nil, err
	}
	old := slices.Clone(r.Secrets)
	for i := range old {
		if i == 0 || grace.AtMost == 0 && old[i].Grace { // no grace: no old secret outlives it
			old[i].retire(grace, now)
		}
	}
	if old, err = dropEnded(old, now); err != nil {
		return issued, nil, err
	}
	r.Secrets = append([]StoredSecret{secret}, old...)
	changes = []string{"grace " + grace.String()}
	if secret.PublicID != "" {
		changes = append(changes, "public_id "+secret.PublicID)
	}
	return issued, changes, nil
}

// newSecret makes a secret in the format of the record, or takes the one that was made elsewhere.
func (a *Authority) newSecret(s *space, r *Record, q RotateRequest, now time.Time, issued *Issued) (StoredSecret, error) {
	place := slices.IndexFunc(s.Formats, func(f keywright.Format) bool { return f.Name == r.Format })
	if place < 0 {
		return StoredSecret{}, fmt.Errorf("record %s is of a format that its keyspace does not have", r.ID)
	}
	f := &s.Formats[place]
	issued.Warnings = f.Warnings()
	if q.Hash.IsZero() {
		if q.PublicID != "" {
			return StoredSecret{}, invalid("public_id", "stands without a hash", "give the hash of the key that has it, or leave it out")
		}
		return a.makeSecret(s, place, r.Environment, now, &issued.Key)
	}
	if err := checkRegistered(f, IssueRequest{Hash: q.Hash, PublicID: q.PublicID}); err != nil {
		return StoredSecret{}, err
	}
	return StoredSecret{Hash: q.Hash, PublicID: q.PublicID, Created: now, Registered: true}, nil
}

// retire gives the secret that was current an end.
func (s *StoredSecret) retire(g Grace, now time.Time) {
	end := wholeSeconds(now.Add(g.AtMost))
	s.Expires = earlier(s.Expires, end)
	s.Grace = g.AtMost > 0
	s.Idle = g.Idle
}

// dropEnded keeps at most so many secrets that the new one has a place; those that have ended go first, the oldest first.
func dropEnded(secrets []StoredSecret, now time.Time) ([]StoredSecret, error) {
	for i := len(secrets) - 1; i >= 0 && len(secrets) >= maxSecrets; i-- {
		if !secrets[i].Grace && !secrets[i].Expires.IsZero() && !now.Before(secrets[i].Expires) {
			secrets = slices.Delete(secrets, i, i+1)
		}
	}
	if len(secrets) >= maxSecrets {
		return nil, &Error{Kind: Conflicting, Problem: "the key has 10 secrets that verify", Hint: "end the grace of the old ones first"}
	}
	return secrets, nil
}

// grace decides how long the old secrets live.
func (q *RotateRequest) grace(p *Policy) (Grace, error) {
	longest := p.MaxGrace
	if longest == 0 {
		longest = defaultMaxGrace
	}
	if q.Grace == nil {
		if p.Rotation != nil && p.Rotation.Grace > 0 {
			return Grace{AtMost: p.Rotation.Grace, Idle: p.Rotation.Idle}, nil
		}
		return Grace{AtMost: min(defaultGrace, longest)}, nil
	}
	g := *q.Grace
	if g.Idle > 0 && g.AtMost == 0 {
		g.AtMost = min(idleAtMost, longest)
	}
	switch {
	case g.AtMost < 0 || g.Idle < 0:
		return g, invalid("grace", "is negative", "use 0 to end the old secret now, or a duration such as 24h")
	case g.AtMost > longest:
		return g, invalid("grace", "is longer than "+inDays(longest), "that is the longest in this keyspace")
	case g.AtMost > 0 && g.AtMost < time.Second:
		return g, invalid("grace", "is shorter than a second", "use 0 to end the old secret now")
	case g.Idle > 0 && g.Idle < shortestIdle:
		return g, invalid("grace.idle", "is shorter than a minute", "last use is known to the second, so use at least 1m")
	}
	return g, nil
}

func inDays(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	return d.String()
}

func (g Grace) String() string {
	if g.Idle > 0 {
		return fmt.Sprintf("when idle for %s, at the latest after %s", g.Idle, g.AtMost)
	}
	return g.AtMost.String()
}

// EndGrace ends all secrets of a key but the current one. Where one of them was used within the last hour, it is refused
// unless forced: somebody still uses it.
func (a *Authority) EndGrace(ctx context.Context, c Caller, id keywright.KeyID, force bool) (Record, error) {
	if !force { // what was counted tells of uses; an emergency does not wait for it
		if err := a.Flush(ctx); err != nil {
			return Record{}, err
		}
	}
	return a.change(ctx, c, id, edit{scope: ScopeRotate, verb: "key.end_grace", change: func(r *Record) ([]string, error) {
		now := a.now()
		if !slices.ContainsFunc(r.Secrets, func(s StoredSecret) bool { return s.Grace }) {
			return nil, &Error{Kind: Conflicting, Problem: "no grace runs", Hint: "only the current secret verifies"}
		}
		if !force {
			used, err := a.usedInGrace(ctx, r, now.Add(-time.Hour))
			if err != nil {
				return nil, err
			}
			if !used.IsZero() {
				return nil, &Error{Kind: Conflicting, Problem: "an old secret was used at " + used.Format(time.RFC3339), Hint: "find out who uses it (its record tells from where), or force it"}
			}
		}
		return endGraces(r, now, func(*StoredSecret) bool { return true }), nil
	}})
}

// endGraces ends those graces that ended says.
func endGraces(r *Record, now time.Time, ended func(*StoredSecret) bool) (changes []string) {
	r.Secrets = slices.Clone(r.Secrets)
	for i := range r.Secrets {
		s := &r.Secrets[i]
		if !s.Grace || !ended(s) {
			continue
		}
		s.Grace, s.Expires = false, earlier(s.Expires, wholeSeconds(now))
		line := "ended"
		if s.PublicID != "" {
			line += " " + s.PublicID
		}
		changes = append(changes, line)
	}
	return changes
}

// usedInGrace returns when a secret in its grace was last used, if that was since a time.
func (a *Authority) usedInGrace(ctx context.Context, r *Record, since time.Time) (time.Time, error) {
	page, err := a.store.List(ctx, Query{Of: Uses, ID: r.ID})
	if err != nil {
		return time.Time{}, fromStore(err)
	}
	for _, u := range page.Uses {
		inGrace := slices.ContainsFunc(r.Secrets, func(s StoredSecret) bool { return s.Grace && s.Hash == u.Hash })
		if inGrace && !u.Time.Before(since) {
			return u.Time, nil
		}
	}
	return time.Time{}, nil
}
