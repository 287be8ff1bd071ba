// SPDX-License-Identifier: Apache-2.0

package api

import (
	"log/slog"

	"github.com/keywright/keywright"
)

// A Key is a key on the wire. Encoded as text or JSON it is the key itself: of all types this is the only one that does
// so, and what holds one must go nowhere but into the body of a request or a response. Printed by fmt or logged it is
// [secret], like every other Secret.
type Key struct{ keywright.Secret }

// NewKey wraps a key for the wire.
func NewKey(s keywright.Secret) Key { return Key{s} }

// MarshalText reveals the key.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.Reveal()), nil }

// LogValue keeps loggers from encoding the key.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }
