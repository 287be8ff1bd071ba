// SPDX-License-Identifier: Apache-2.0

package api

import (
	"time"

	"github.com/keywright/keywright"
)

// An Event is one line of the audit chain: what was done, by whom, to what. It never holds a secret.
type Event struct {
	Sequence  uint64          `json:"sequence"`
	Time      time.Time       `json:"time"`
	Actor     string          `json:"actor" doc:"The key id of the caller, or a word: system, local, anyone."`
	Verb      string          `json:"verb" example:"key.issue"`
	Target    string          `json:"target" doc:"What was acted on: a key id, or the name of a keyspace."`
	Keyspace  string          `json:"keyspace,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Changes   []string        `json:"changes" nullable:"false" doc:"What changed, one line each."`
	Personal  []PersonalField `json:"personal,omitempty" nullable:"false" doc:"Fields that may have to be erased."`
	Previous  keywright.Hash  `json:"previous" doc:"The hash of the event before."`
	Hash      keywright.Hash  `json:"hash" doc:"Covers every other field; of the personal ones their commitments."`
}

// A PersonalField may have to be erased. The commitment stays: SHA-256 of salt, name and value.
type PersonalField struct {
	Name       string         `json:"name" example:"address"`
	Value      string         `json:"value,omitempty"`
	Salt       []byte         `json:"salt,omitempty" doc:"Absent: erased."`
	Commitment keywright.Hash `json:"commitment"`
}

// An EventList is a page of the audit chain.
type EventList struct {
	Events     []Event `json:"events" nullable:"false"`
	NextCursor string  `json:"next_cursor,omitempty" doc:"Asks for the next page; absent where there was nothing more."`
}

// A ChainReport says whether the audit chain is whole.
type ChainReport struct {
	Whole  bool           `json:"whole"`
	Events uint64         `json:"events" doc:"That were checked and hold."`
	Head   keywright.Hash `json:"head" doc:"The hash of the last of them."`
	Broken *ChainBreak    `json:"broken,omitempty" doc:"The first break."`
}

// A ChainBreak says where the audit chain breaks first.
type ChainBreak struct {
	Sequence uint64 `json:"sequence"`
	Problem  string `json:"problem"`
}
