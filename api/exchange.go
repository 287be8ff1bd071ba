// SPDX-License-Identifier: Apache-2.0

package api

import (
	"time"

	"github.com/keywright/keywright"
)

// An ExchangePolicy lets the keys of a keyspace be exchanged for tokens.
type ExchangePolicy struct {
	Life      Duration `json:"life" doc:"Of a token: 1s to 1h." example:"5m"`
	Audience  []string `json:"audience,omitempty" nullable:"false" doc:"Whom tokens may be for, the first where none is asked for; absent: the name of the keyspace." example:"[\"https://api.example.com\"]"`
	Spend     string   `json:"spend,omitempty" enum:"refuse,allow" doc:"Whether keys with credits, limits, or rules on network, origin, method or path are exchanged, although nobody looks at those while a token lives; absent: refuse."`
	Algorithm string   `json:"algorithm,omitempty" enum:"ES256,EdDSA" doc:"Absent: ES256."`
}

// An ExchangeRequest asks for a token. The key itself goes in Authorization: Bearer, in place of a service key.
type ExchangeRequest struct {
	Keyspace    string   `json:"keyspace,omitempty" doc:"default, where it is left out." example:"acme"`
	Environment string   `json:"environment,omitempty" doc:"The one that is meant: a key of another is refused." example:"live"`
	Audience    string   `json:"audience,omitempty" doc:"One of those that the keyspace knows." example:"https://api.example.com"`
	Scopes      []string `json:"scopes,omitzero" nullable:"false" doc:"Patterns within those of the key; all that it has, where it is left out." example:"[\"invoices:read\"]"`
	Life        Duration `json:"life,omitempty" doc:"Shorter than the keyspace says." example:"1m"`
}

// TokenTypeBearer says how a token is sent (RFC 6750).
const TokenTypeBearer = "Bearer"

// An ExchangeResponse holds a token: a JWT (RFC 9068) that is verified with the keys of PathKeySet.
type ExchangeResponse struct {
	Token     Key             `json:"token"`
	TokenType string          `json:"token_type" enum:"Bearer"`
	KeyID     keywright.KeyID `json:"key_id"`
	Audience  string          `json:"audience"`
	Scopes    []string        `json:"scopes" nullable:"false"`
	ExpiresAt time.Time       `json:"expires_at"`
}

// What was taken away, in a Taken.
const (
	TakenKey      = "key"
	TakenKeyspace = "keyspace"
	TakenAll      = "all"
	TakenRotate   = "rotate" // a reason: tokens of the key itself alone
)

// A Taken says that something was taken away: tokens whose claim seq is lower than its sequence, and that it concerns, are
// dead.
type Taken struct {
	Sequence uint64          `json:"sequence" doc:"Of the event of the audit chain. A token with a lower seq is dead, if this concerns it."`
	Time     time.Time       `json:"time"`
	Kind     string          `json:"kind" enum:"key,keyspace,all" doc:"What it concerns: tokens of the key and of its children (sub, anc), all of the keyspace, or all."`
	Keyspace string          `json:"keyspace,omitempty"`
	KeyID    keywright.KeyID `json:"key_id,omitzero"`
	Secrets  []string        `json:"secrets,omitempty" nullable:"false" doc:"The public ids of secrets that ended: tokens of these alone (sec), and none of children."`
	Reason   string          `json:"reason" enum:"revoke,disable,narrow,rotate,policy,keys,restore" doc:"With rotate no token of a child is concerned."`
}

// A RevocationList is what was taken away behind From up to Cursor. It is true as of a moment not before the request.
type RevocationList struct {
	Revocations []Taken   `json:"revocations" nullable:"false"`
	Begins      bool      `json:"begins,omitempty" doc:"Nothing goes before: no cursor was given, or what follows it is gone. Forget what you know; from now on a token with a seq lower than from cannot be judged."`
	From        uint64    `json:"from" doc:"What was taken away by all events with a higher sequence is here."`
	Cursor      string    `json:"cursor" doc:"What to ask for next, in after."`
	More        bool      `json:"more,omitempty" doc:"There is more: ask again at once."`
	AsOf        time.Time `json:"as_of" doc:"By the clock of the server."`
	Keys        []string  `json:"keys" nullable:"false" doc:"The kid of every key whose tokens can be valid."`
}

// A SigningKey is what may be shown of a key that signs tokens.
type SigningKey struct {
	ID        string    `json:"kid"`
	Algorithm string    `json:"algorithm,omitempty" doc:"Absent: it cannot be opened."`
	State     string    `json:"state" enum:"next,current,retired,closed" doc:"closed: it was sealed with another root key."`
	CreatedAt time.Time `json:"created_at"`
	SignsFrom time.Time `json:"signs_from,omitzero"`
	GoneAt    time.Time `json:"gone_at,omitzero" doc:"When the last token of it has ended and it is forgotten; absent: not known yet."`
}

// A SigningKeyList lists the keys that sign tokens, the oldest first.
type SigningKeyList struct {
	SigningKeys []SigningKey `json:"signing_keys" nullable:"false"`
}

// A RotateSigningKeysRequest asks for new keys.
type RotateSigningKeysRequest struct {
	RevokeOld bool `json:"revoke_old,omitempty" doc:"Forget the keys that are there at once, which ends every token. Without it a new key is published for 65 minutes before it signs, and the old one until its last token has ended."`
}
