// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

const (
	idempotencyLife = 24 * time.Hour
	issueChunk      = 5000    // keys of one transaction, where many are issued at once
	issueBytes      = 4 << 20 // metadata of one transaction
	publicIDTries   = 5
)

// An IssueRequest asks for a key. Every field may be left out.
type IssueRequest struct {
	Keyspace    string // default
	Format      string // the first of the keyspace
	Environment string // the first of the keyspace
	Name        string // for people, at most 200 characters
	Owner       string // the caller's own id of a user or organization, at most 200 characters
	Scopes      []string
	Roles       []string        // of the keyspace
	Limits      []Limit         // nil: those of the policy for new keys
	Credits     *CreditsRequest // nil: not counted
	Metadata    []byte          // a JSON object of at most 64 KiB
	Rules       Rules
	NotBefore   time.Time
	ExpiresAt   time.Time
	ExpiresIn   time.Duration // from now; not together with ExpiresAt

	// Hash and PublicID register a key that was made elsewhere: the authority never sees its secret.
	Hash     keywright.Hash
	PublicID string

	Decoy *Decoy `json:",omitempty"` // not nil: a key that opens nothing

	// IdempotencyKey makes a repeat of the request within 24 hours return the same record, without the secret.
	IdempotencyKey string

	parent *Record // of a child
}

// Issued is what Issue returns.
type Issued struct {
	Key      keywright.Secret // shown once; zero where a hash was registered or the request was a repeat
	Record   Record
	Repeated bool     // the request was done before: the secret can no longer be shown
	Warnings []string // about the format
	Credits  *int64   // what a new key begins with; nil: none are kept, or the key is not new
}

// Issue makes a key, or registers one by its hash, and keeps only the hash.
func (a *Authority) Issue(ctx context.Context, c Caller, q IssueRequest) (Issued, error) {
	if q.Keyspace == "" {
		q.Keyspace = DefaultKeyspace
	}
	if err := c.may(ScopeIssue, q.Keyspace); err != nil {
		return Issued{}, err
	}
	if q.IdempotencyKey == "" {
		return a.issue(ctx, c, q, nil)
	}
	return a.issueOnce(ctx, c, q)
}

// issueOnce issues a key, or returns the record that the same request was answered with before.
func (a *Authority) issueOnce(ctx context.Context, c Caller, q IssueRequest) (Issued, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return Issued{}, err
	}
	if q.parent != nil {
		body = append(body, q.parent.ID.String()...)
	}
	answer, err := a.answer("issue", c, q.IdempotencyKey, string(body))
	if err != nil {
		return Issued{}, err
	}
	if issued, done, err := a.repeated(ctx, answer); done || err != nil {
		return issued, err
	}
	issued, err := a.issue(ctx, c, q, &answer)
	var conflict *ConflictError
	if errors.As(err, &conflict) && conflict.What == "answer" { // the same request, at the same time
		if issued, done, err := a.repeated(ctx, answer); done || err != nil {
			return issued, err
		}
	}
	return issued, err
}

// A draft is a key that was decided about and made, and is not stored yet.
type draft struct {
	issued Issued
	puts   []Put
	event  Event
	based  Based
}

// issue tries again where a public id happens to be taken.
func (a *Authority) issue(ctx context.Context, c Caller, q IssueRequest, answer *Answer) (Issued, error) {
	for tries := 1; ; tries++ {
		d, err := a.draft(c, q)
		if err != nil {
			return Issued{}, err
		}
		change := Change{Puts: d.puts, Based: []Based{d.based}, Events: []Event{d.event}}
		if answer != nil {
			answer.Record = d.issued.Record.ID
			change.Puts = append(change.Puts, answer)
		}
		err = a.commit(ctx, change, &d.issued.Record)
		var conflict *ConflictError
		if errors.As(err, &conflict) && tries < publicIDTries &&
			(conflict.What == "public_id" && q.Hash.IsZero() || conflict.What == "keyspace" || conflict.What == "version") {
			continue
		}
		if err != nil {
			return Issued{}, fromStore(err)
		}
		return d.issued, nil
	}
}

// draft decides about a request and makes the key, the record and the event; nothing is stored yet.
func (a *Authority) draft(c Caller, q IssueRequest) (*draft, error) {
	space := a.space(q.Keyspace)
	if space == nil {
		return nil, unknown("keyspace", "make it first, or name another")
	}
	if q.Format == "" {
		q.Format = space.Policy.DefaultFormat
	}
	place := slices.IndexFunc(space.Formats, func(f keywright.Format) bool { return f.Name == q.Format || q.Format == "" })
	if place < 0 {
		return nil, invalid("format", "is not one of the keyspace", "use one of "+formatNames(space.Formats))
	}
	now := a.now()
	r, err := a.newRecord(c, space, &space.Formats[place], q, now)
	if err != nil {
		return nil, err
	}
	if err := a.checkWithin(context.Background(), &r); err != nil {
		return nil, err
	}
	d := &draft{based: Based{Keyspace: space.Name, Version: space.Version}}
	d.issued.Warnings = space.Formats[place].Warnings()
	secret := StoredSecret{Hash: q.Hash, PublicID: q.PublicID, Created: now, Registered: !q.Hash.IsZero()}
	verb := "key.register"
	if q.Hash.IsZero() {
		verb = "key.issue"
		if secret, err = a.makeSecret(space, place, r.Environment, now, &d.issued.Key); err != nil {
			return nil, err
		}
	}
	r.Secrets = []StoredSecret{secret}
	if r.ID, err = keywright.NewKeyID(now, a.noise); err != nil {
		return nil, fmt.Errorf("no randomness: %w", err)
	}
	d.issued.Record = r
	d.puts = []Put{&d.issued.Record}
	if q.Credits != nil {
		d.issued.Credits = &q.Credits.Remaining
		d.puts = append(d.puts, r.Credits.opening(Account(r.ID), r.Keyspace, "", MoveSet, q.Credits.Remaining, now))
	}
	d.event, err = a.event(c, verb, r.ID.String(), r.Keyspace, issueLines(&r, q.Credits), [2]string{"name", r.Name}, [2]string{"owner", r.Owner})
	return d, err
}

// makeSecret makes a key of a format, and what is kept of it.
func (a *Authority) makeSecret(s *space, place int, environment string, now time.Time, key *keywright.Secret) (StoredSecret, error) {
	made, err := s.makers[place].make(environment)
	if err != nil {
		return StoredSecret{}, err
	}
	*key = made.Full()
	secret := StoredSecret{PublicID: made.PublicID(), Created: now}
	_, err = a.storeHash(s, made, &secret)
	return secret, err
}

func (m maker) make(environment string) (keywright.Key, error) {
	if m.generator == nil {
		return keywright.Key{}, invalid("hash", "is missing", "keys of this format are not made here: register them by their hash")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.generator.Next(environment)
}

// issueLines is what the audit chain says of a new key.
func issueLines(r *Record, credits *CreditsRequest) []string {
	lines := []string{"format " + r.Format}
	if r.Rules.Decoy != nil {
		lines = append(lines, "decoy")
	}
	if !r.Parent.IsZero() {
		lines = append(lines, "parent "+r.Parent.String())
	}
	if r.Environment != "" {
		lines = append(lines, "environment "+r.Environment)
	}
	if id := r.Secrets[0].PublicID; id != "" {
		lines = append(lines, "public_id "+id)
	}
	for _, s := range r.Scopes {
		lines = append(lines, "scope "+s)
	}
	if !r.Expires.IsZero() {
		lines = append(lines, "expires_at "+r.Expires.Format(time.RFC3339))
	}
	for _, role := range r.Roles {
		lines = append(lines, "role "+role)
	}
	for _, l := range r.Limits {
		lines = append(lines, "limit "+l.String())
	}
	if credits != nil {
		lines = append(lines, fmt.Sprintf("credits %d", credits.Remaining))
	}
	return lines
}

// answer names a request, so that a repeat of it is known.
func (a *Authority) answer(verb string, c Caller, key, request string) (Answer, error) {
	if len(key) > 200 {
		return Answer{}, invalid("Idempotency-Key", "is longer than 200 characters", "a UUID would do")
	}
	now := a.now()
	return Answer{
		ID:      keywright.HashText(verb + "\x00" + c.Actor() + "\x00" + key),
		Request: keywright.HashText(request),
		Created: now, Expires: now.Add(idempotencyLife),
	}, nil
}

// repeated returns what a request did when it was made before.
func (a *Authority) repeated(ctx context.Context, answer Answer) (Issued, bool, error) {
	old, err := a.answered(ctx, answer)
	if old == nil || err != nil {
		return Issued{}, false, err
	}
	records, err := a.store.List(ctx, Query{ID: old.Record})
	if err != nil || len(records.Records) == 0 {
		return Issued{}, false, fromStore(err)
	}
	return Issued{Record: records.Records[0], Repeated: true}, true, nil
}

// answered returns what was kept of a request when it was made before, or nil. That another one was made under its key is
// an error.
func (a *Authority) answered(ctx context.Context, answer Answer) (*Answer, error) {
	page, err := a.store.List(ctx, Query{Of: Answers, Answer: answer.ID})
	if err != nil {
		return nil, fromStore(err)
	}
	if len(page.Answers) == 0 || !answer.Created.Before(page.Answers[0].Expires) {
		return nil, nil
	}
	if page.Answers[0].Request != answer.Request {
		return nil, &Error{Kind: Conflicting, Field: "Idempotency-Key", Problem: "was used for another request", Hint: "use a new one for each request"}
	}
	return &page.Answers[0], nil
}

// IssueMany issues as many keys as there are requests, five thousand in one transaction, and hands each to done in order:
// an issued key, or the error of that request. It ends when done returns an error, or when the store fails.
func (a *Authority) IssueMany(ctx context.Context, c Caller, requests iter.Seq[IssueRequest], done func(Issued, error) error) error {
	for chunk := range chunks(requests) {
		if err := ctx.Err(); err != nil {
			return fromStore(err)
		}
		if err := a.issueChunk(ctx, c, chunk, done); err != nil {
			return err
		}
	}
	return nil
}

// chunks cuts requests into parts of a bounded number and size.
func chunks(requests iter.Seq[IssueRequest]) iter.Seq[[]IssueRequest] {
	return func(yield func([]IssueRequest) bool) {
		var chunk []IssueRequest
		size := 0
		for q := range requests {
			chunk = append(chunk, q)
			if size += len(q.Metadata); len(chunk) < issueChunk && size < issueBytes {
				continue
			}
			if !yield(chunk) {
				return
			}
			chunk, size = nil, 0
		}
		if len(chunk) > 0 {
			yield(chunk)
		}
	}
}

// issueChunk issues a chunk in one transaction; where that meets a conflict, one by one.
func (a *Authority) issueChunk(ctx context.Context, c Caller, chunk []IssueRequest, done func(Issued, error) error) error {
	results := make([]Issued, len(chunk))
	errs := make([]error, len(chunk))
	var change Change
	var records []*Record
	for i, q := range chunk {
		var d *draft
		if d, errs[i] = a.draftOne(c, q); errs[i] != nil {
			continue
		}
		results[i] = d.issued
		change.Puts = append(append(change.Puts, &results[i].Record), d.puts[1:]...)
		change.Events = append(change.Events, d.event)
		if !slices.Contains(change.Based, d.based) {
			change.Based = append(change.Based, d.based)
		}
		records = append(records, &results[i].Record)
	}
	if len(records) > 0 {
		err := a.commit(ctx, change, records...)
		if err != nil && !errors.Is(err, ErrConflict) {
			return fromStore(err)
		}
		for i, q := range chunk {
			if err != nil && errs[i] == nil {
				results[i], errs[i] = a.Issue(ctx, c, q)
			}
		}
	}
	for i := range chunk {
		if err := done(results[i], errs[i]); err != nil {
			return err
		}
	}
	return nil
}

// draftOne drafts one of many.
func (a *Authority) draftOne(c Caller, q IssueRequest) (*draft, error) {
	if q.Keyspace == "" {
		q.Keyspace = DefaultKeyspace
	}
	if err := c.may(ScopeIssue, q.Keyspace); err != nil {
		return nil, err
	}
	if q.IdempotencyKey != "" {
		return nil, invalid("Idempotency-Key", "is not possible where many keys are issued", "issue one by one")
	}
	return a.draft(c, q)
}
