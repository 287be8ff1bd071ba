// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/keywright/keywright"
)

var errGrace = errors.New(`not a grace: use a duration such as "24h", "0s" to end the old secret now, or {"idle":"24h","at_most":"720h"}`)

// A Grace is how long the secret before lives on after a rotation: "24h", "0s" for not at all, or
// {"idle":"24h","at_most":"720h"} for until it has not been used for a day, and for 30 days at most.
type Grace struct {
	Idle   Duration `json:"idle,omitempty" doc:"It ends once it was not used for so long." example:"24h"`
	AtMost Duration `json:"at_most,omitempty" doc:"It ends then in any case; 30 days, where it is left out." example:"720h"`
}

// MarshalJSON writes a duration alone as text.
func (g Grace) MarshalJSON() ([]byte, error) {
	if g.Idle == 0 {
		return json.Marshal(g.AtMost)
	}
	type plain Grace
	return json.Marshal(plain(g))
}

// UnmarshalJSON reads what MarshalJSON writes. Of an object it wants to know the idle time: a grace must not be none by
// mistake.
func (g *Grace) UnmarshalJSON(b []byte) error {
	*g = Grace{}
	if len(b) > 0 && b[0] == '"' {
		if json.Unmarshal(b, &g.AtMost) != nil {
			return errGrace
		}
		return nil
	}
	var given struct {
		Idle   *Duration `json:"idle"`
		AtMost *Duration `json:"at_most"`
	}
	if json.Unmarshal(b, &given) != nil || given.Idle == nil || *given.Idle == 0 || given.AtMost != nil && *given.AtMost == 0 {
		return errGrace
	}
	g.Idle = *given.Idle
	if given.AtMost != nil {
		g.AtMost = *given.AtMost
	}
	return nil
}

// A RotateRequest asks for a new secret of a key. Every field may be left out.
type RotateRequest struct {
	Grace    *Grace         `json:"grace,omitempty" doc:"How long the secret before lives on. Left out: as the keyspace says, or 24h."`
	Force    bool           `json:"force,omitempty" doc:"Also while the grace of an earlier rotation runs; that one goes on, unless the new one is 0s."`
	Hash     keywright.Hash `json:"hash,omitzero" doc:"Registers a key that was made elsewhere by its storage hash: SHA-256 in hex, base64 or base58."`
	PublicID string         `json:"public_id,omitempty" doc:"With hash: the public id of that key."`
}

// A RotateResponse holds the new key, once.
type RotateResponse struct {
	Key            Key       `json:"key,omitzero" doc:"Shown once. Absent where a hash was registered or the request was a repeat."`
	Record         Record    `json:"record"`
	PreviousEndsAt time.Time `json:"previous_ends_at,omitzero" doc:"When the secret before ends, at the latest. From then on no node answers VALID for it."`
	PreviousIdle   Duration  `json:"previous_idle,omitempty" doc:"It ends earlier, once it was not used for so long."`
	Repeated       bool      `json:"repeated,omitempty" doc:"The request was done before: the key can no longer be shown."`
	Warnings       []string  `json:"warnings,omitempty" nullable:"false" doc:"What the user of the format should know."`
}

// An EndGraceRequest ends every secret of a key but the current one.
type EndGraceRequest struct {
	Force bool `json:"force,omitempty" doc:"Also where an old secret was used within the last hour."`
}
