// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// A Taken is one entry of the feed: something was taken away by one event of the audit chain. Tokens that were judged as of
// this event or a later one know of it.
type Taken struct {
	Sequence uint64
	Time     time.Time
	Kind     TakenKind
	Keyspace string          // empty with TakenAll
	Key      keywright.KeyID // with TakenKey: tokens of it, and of keys below it unless Secrets or the reason say otherwise
	Secrets  []string        // the public ids of secrets that ended: tokens of these alone, and of no key below
	Reason   TakenReason
}

// TakenKind is what an entry concerns.
type TakenKind string

// The kinds.
const (
	TakenKey      TakenKind = "key"
	TakenKeyspace TakenKind = "keyspace" // every token of the keyspace
	TakenAll      TakenKind = "all"      // every token
)

// TakenReason is why.
type TakenReason string

// The reasons. With TakenRotate the token of the key itself ends, and those of keys below it go on: they hang on no secret.
const (
	TakenRevoke  TakenReason = "revoke"
	TakenDisable TakenReason = "disable"
	TakenNarrow  TakenReason = "narrow" // scopes, roles, limits, rules, owner or times were changed
	TakenRotate  TakenReason = "rotate" // secrets ended
	TakenPolicy  TakenReason = "policy" // of the keyspace, or its environments
	TakenKeys    TakenReason = "keys"   // signing keys were dropped
	TakenRestore TakenReason = "restore"
)

// harmless are fields of a record whose change takes nothing away that a token carries.
var harmless = []string{"name", "metadata", "refill"}

// takenBy says what an event took away, or more than that where its lines do not tell.
func takenBy(e *Event) (t Taken, ok bool) {
	t = Taken{Sequence: e.Sequence, Time: e.Time, Keyspace: e.Keyspace, Kind: TakenKey}
	switch e.Verb {
	case "key.revoke", "key.revoke_self":
		t.Reason = TakenRevoke
	case "key.disable":
		t.Reason = TakenDisable
	case "key.update":
		t.Reason = TakenNarrow
		if !slices.ContainsFunc(e.Changes, func(line string) bool { return !slices.Contains(harmless, firstWord(line)) }) {
			return t, false
		}
	case "key.rotate":
		t.Reason = TakenRotate
		if !slices.Contains(e.Changes, "grace "+Grace{}.String()) {
			return t, false
		}
	case "key.end_grace", "key.grace_ended":
		t.Reason, t.Secrets = TakenRotate, endedSecrets(e.Changes)
	case "keyspace.update":
		t.Kind, t.Reason = TakenKeyspace, TakenPolicy
		return t, slices.ContainsFunc(e.Changes, func(line string) bool { return firstWord(line) != "format" })
	case signingKeyDropped:
		t.Kind, t.Reason, t.Keyspace = TakenAll, TakenKeys, ""
		return t, true
	case "store.restore":
		t.Kind, t.Reason, t.Keyspace = TakenAll, TakenRestore, ""
		return t, true
	default:
		return t, false
	}
	id, err := keywright.ParseKeyID(e.Target)
	if err != nil { // no act writes such an event; if there is one, nothing of the keyspace is believed
		t.Kind, t.Secrets = TakenKeyspace, nil
	}
	t.Key = id
	return t, true
}

// endedSecrets returns the public ids of lines such as "ended 7Yk2mQ9xR4tB"; nil where a line does not name one.
func endedSecrets(lines []string) (ids []string) {
	for _, line := range lines {
		id, ok := strings.CutPrefix(line, "ended ")
		if !ok {
			return nil
		}
		ids = append(ids, id)
	}
	return ids
}

func firstWord(line string) string {
	word, _, _ := strings.Cut(line, " ")
	return word
}
