// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

const (
	itemSession = "session"

	// DefaultSessionIdle is after how long without a request a session ends, where nobody says otherwise.
	DefaultSessionIdle = 30 * time.Minute
	// DefaultSessionLife is after how long a session ends however much it is used, where nobody says otherwise.
	DefaultSessionLife = 12 * time.Hour

	sessionTokenBytes  = 32
	sessionWritesEvery = time.Minute // how seldom the last use of a session is written
	maxSessions        = 100         // of one service key; the one that was not used for longest makes room
)

// A Session stands for a service key in a browser, so that the key itself need not be kept there. It does what the key may
// do at the moment of each request. Of its token the store holds the SHA-256 alone.
type Session struct {
	Key      keywright.KeyID // of the service key
	Name     string          // of its record
	Keyspace string          // that is meant where none is named
	Scopes   []string        // as they are now
	Begun    time.Time
	Used     time.Time // to the minute
	Ends     time.Time // however much it is used
	Idle     time.Time // without a further request
}

// savedSession is what the store holds of a session. PublicID and Made tell which secret of the record signed in: the session
// ends with it.
type savedSession struct {
	Key      string    `json:"key"`
	PublicID string    `json:"public_id,omitempty"`
	Made     time.Time `json:"made"`
	Used     time.Time `json:"used"`
	Ends     time.Time `json:"ends"`

	id   keywright.KeyID
	item Item
}

func (s *savedSession) put(version uint64) (*Item, error) {
	data, err := json.Marshal(s)
	return &Item{Kind: itemSession, Name: s.item.Name, Data: data, Created: s.item.Created, Version: version}, err
}

// handle names a session in events. It does not lead back to its token.
func (s *savedSession) handle() string { return "session " + s.item.Name[:12] }

func openSession(item Item) (s savedSession, err error) {
	if err = json.Unmarshal(item.Data, &s); err != nil {
		return s, fmt.Errorf("a session cannot be read: %w", err)
	}
	s.item = item
	s.id, err = keywright.ParseKeyID(s.Key)
	return s, err
}

// CheckSessions refuses times of sessions that cannot be. Open does so too.
func (o *Options) CheckSessions() error {
	switch {
	case o.SessionIdle != 0 && (o.SessionIdle < 2*sessionWritesEvery || o.SessionIdle > 24*time.Hour):
		return errors.New("the idle timeout of sessions is shorter than 2 minutes or longer than 24 hours")
	case o.SessionLife != 0 && (o.SessionLife < 2*sessionWritesEvery || o.SessionLife > 7*24*time.Hour):
		return errors.New("the life of sessions is shorter than 2 minutes or longer than 7 days")
	}
	return nil
}

// errOver says that a session cannot be used, and not why: who signed in with the key can do so again, or is told then.
var errOver error = &Error{Kind: Over, Problem: "the session has ended", Hint: "sign in again with a service key: POST /v1/sessions"}

// sessionName is what the store knows a token by.
func sessionName(token keywright.Secret) string {
	h := keywright.HashText(token.Reveal())
	return hex.EncodeToString(h[:])
}

// BeginSession returns a session of a service key, which is judged as by Authenticate, and its token, which nobody has
// besides.
func (a *Authority) BeginSession(ctx context.Context, key keywright.Secret, from Origin) (Session, keywright.Secret, error) {
	c, j, v, err := a.judgeCaller(ctx, key, from, nil)
	if err != nil {
		return Session{}, keywright.Secret{}, err
	}
	if !v.Valid() {
		return Session{}, keywright.Secret{}, errNoService
	}
	var noise [sessionTokenBytes]byte
	if _, err := io.ReadFull(a.random, noise[:]); err != nil {
		return Session{}, keywright.Secret{}, fmt.Errorf("no randomness: %w", err)
	}
	token := keywright.NewSecret(base64.RawURLEncoding.EncodeToString(noise[:]))
	page, err := a.store.List(ctx, Query{ID: c.key})
	if err != nil {
		return Session{}, keywright.Secret{}, fromStore(err)
	}
	if len(page.Records) == 0 {
		return Session{}, keywright.Secret{}, errNoService
	}
	r := &page.Records[0]
	place := slices.IndexFunc(r.Secrets, func(s StoredSecret) bool { return s.Hash == j.stored })
	if place < 0 {
		return Session{}, keywright.Secret{}, errNoService // it was taken away since it was judged
	}
	now := a.now()
	s := savedSession{
		Key: c.key.String(), PublicID: r.Secrets[place].PublicID, Made: r.Secrets[place].Created, Used: now,
		Ends: earlier(v.ExpiresAt, now.Add(a.sessionLife)), id: c.key,
		item: Item{Kind: itemSession, Name: sessionName(token), Created: now},
	}
	if err := a.saveSession(ctx, c, &s); err != nil {
		return Session{}, keywright.Secret{}, fromStore(err)
	}
	return a.showSession(&s, &c, r), token, nil
}

// saveSession writes a session that begins. Where the key has too many, those that were not used for longest end.
func (a *Authority) saveSession(ctx context.Context, c Caller, s *savedSession) error {
	event, err := a.event(c, "session.begin", s.Key, ReservedKeyspace, []string{s.handle(), "until " + s.Ends.Format(time.RFC3339)})
	if err != nil {
		return err
	}
	item, err := s.put(1)
	if err != nil {
		return err
	}
	a.sessionsMu.Lock()
	defer a.sessionsMu.Unlock()
	known, err := a.sessionsOf(ctx, s.id)
	if err != nil {
		return err
	}
	if over := len(known) - maxSessions + 1; over > 0 {
		slices.SortFunc(known, func(x, y savedSession) int { return x.Used.Compare(y.Used) })
		if err := a.endSessions(ctx, c, known[:over], "too many"); err != nil {
			return err
		}
	}
	return a.store.Apply(context.WithoutCancel(ctx), Change{Puts: []Put{item}, Events: []Event{event}})
}

func (a *Authority) showSession(s *savedSession, c *Caller, r *Record) Session {
	return Session{
		Key: s.id, Name: r.Name, Keyspace: c.keyspace(""), Scopes: c.Scopes(), Begun: s.item.Created, Used: s.Used, Ends: s.Ends,
		Idle: earlier(s.Used.Add(a.sessionIdle), s.Ends),
	}
}

// sessionsOf returns the sessions of a service key; of the zero id all.
func (a *Authority) sessionsOf(ctx context.Context, id keywright.KeyID) (list []savedSession, err error) {
	q := Query{Of: Items, Item: itemSession, Limit: maxPage}
	for {
		page, err := a.store.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			q.After = item.Name
			s, err := openSession(item)
			if err != nil {
				return nil, err
			}
			if id.IsZero() || s.id == id {
				list = append(list, s)
			}
		}
		if !page.More {
			return list, nil
		}
	}
}
