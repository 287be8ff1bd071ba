// SPDX-License-Identifier: Apache-2.0

package client

import (
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/signed"
)

const (
	// takenKeeps is how long it is remembered what was taken away: longer than any token lives that knew nothing of it.
	takenKeeps = longestToken + 15*time.Minute
	// takenMost is how much is remembered. Where it is more, tokens from before are refused.
	takenMost = 1 << 18
)

// taken is what is known of what was taken away in a keyspace. Numbers are sequences of events: a token that was judged as
// of an earlier one is dead.
type taken struct {
	keyspace string
	cursor   string
	floor    uint64 // what happened before is not known
	all      uint64 // of the keyspace, or of all
	keys     map[string]uint64
	own      map[string]uint64 // of the tokens of a key alone, or of one of its secrets, by ownKey
	order    []remembered
}

type remembered struct {
	at       time.Time
	sequence uint64
	key, own string // the entry of the maps
}

func newTaken(keyspace string) taken {
	return taken{keyspace: keyspace, keys: map[string]uint64{}, own: map[string]uint64{}}
}

// ownKey is a key id, and the public id of a secret unless all are meant.
func ownKey(key, publicID string) string { return key + " " + publicID }

// add takes in an answer of the server.
func (k *taken) add(l *api.RevocationList, now time.Time) {
	if l.Begins {
		*k = newTaken(k.keyspace)
		k.floor = l.From
	}
	for i := range l.Revocations {
		k.addOne(&l.Revocations[i], now)
	}
	k.cursor = l.Cursor
	old := 0
	for ; old < len(k.order) && now.Sub(k.order[old].at) > takenKeeps; old++ {
		k.forget(&k.order[old])
	}
	k.order = k.order[old:]
	for excess := len(k.order) - takenMost; excess > 0; excess-- {
		k.forget(&k.order[0])
		k.order = k.order[1:]
	}
}

func (k *taken) addOne(t *api.Taken, now time.Time) {
	r := remembered{at: now, sequence: t.Sequence}
	id := t.KeyID.String()
	switch {
	case t.Kind != api.TakenKey || t.KeyID.IsZero(): // and whatever else a later server may tell
		k.all = max(k.all, t.Sequence)
		return
	case len(t.Secrets) > 0:
		for _, publicID := range t.Secrets {
			r.own = ownKey(id, publicID)
			k.own[r.own] = t.Sequence
			k.order = append(k.order, r)
		}
		return
	case t.Reason == api.TakenRotate:
		r.own = ownKey(id, "")
		k.own[r.own] = t.Sequence
	default:
		r.key = id
		k.keys[id] = t.Sequence
	}
	k.order = append(k.order, r)
}

// forget drops what is remembered, and refuses tokens from before it from now on.
func (k *taken) forget(r *remembered) {
	k.floor = max(k.floor, r.sequence)
	if k.keys[r.key] <= r.sequence {
		delete(k.keys, r.key)
	}
	if k.own[r.own] <= r.sequence {
		delete(k.own, r.own)
	}
}

// from says why a token is dead, or nothing.
func (k *taken) from(t *signed.Token) string {
	switch {
	case t.Sequence < k.floor:
		return "it was exchanged so long ago that nobody knows what was taken away since"
	case t.Sequence < k.all:
		return "something was taken away from all keys of the keyspace"
	case t.Sequence < k.keys[t.KeyID] || t.Sequence < k.own[ownKey(t.KeyID, "")]:
		return "something was taken away from the key"
	case t.PublicID != "" && t.Sequence < k.own[ownKey(t.KeyID, t.PublicID)]:
		return "the secret that it was exchanged for has ended"
	}
	for _, id := range t.Ancestors {
		if t.Sequence < k.keys[id] {
			return "something was taken away from a key above its own"
		}
	}
	return ""
}
