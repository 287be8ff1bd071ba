// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/keywright/keywright"
)

const itemCheckpointKey = "checkpoint-key" // its name is the public key in hex, its data the sealed seed

// Signed returns the bytes that the signature of a checkpoint covers (Ed25519, RFC 8032): the 22 bytes
// "keywright checkpoint 1", the sequence and then the time in milliseconds since 1970 as 8 bytes each, high byte first,
// the 32 bytes of the hash, the 32 bytes of the public key.
func (p *Checkpoint) Signed() []byte {
	b := []byte("keywright checkpoint 1")
	b = binary.BigEndian.AppendUint64(b, p.Sequence)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Time.UnixMilli()))
	b = append(b, p.Hash[:]...)
	return append(b, p.Signer...)
}

// Holds reports whether the signature is that of the signer it names. Whether that signer is to be trusted is another
// question.
func (p *Checkpoint) Holds() bool {
	return len(p.Signer) == ed25519.PublicKeySize && ed25519.Verify(p.Signer, p.Signed(), p.Signature)
}

// same reports whether two checkpoints say the same.
func (p *Checkpoint) same(o *Checkpoint) bool { return bytes.Equal(p.Signed(), o.Signed()) }

// A CheckpointRequest asks for a checkpoint.
type CheckpointRequest struct {
	// NewKey makes a new key to sign with. It is needed where the root key was lost that sealed the one before.
	NewKey bool
}

// Checkpoint signs the end of the audit chain as it is now, and keeps that in the store. A copy that is kept elsewhere shows
// when the chain is cut off before it, or replaced.
func (a *Authority) Checkpoint(ctx context.Context, c Caller, q CheckpointRequest) (Checkpoint, error) {
	if err := c.mayAudit(ScopeAuditWrite); err != nil {
		return Checkpoint{}, err
	}
	if err := a.needSealer(); err != nil {
		return Checkpoint{}, err
	}
	for tries := 0; ; tries++ {
		p, err := a.tryCheckpoint(ctx, c, q)
		if !errors.Is(err, ErrConflict) || tries == 3 {
			return p, fromStore(err)
		}
	}
}

func (a *Authority) tryCheckpoint(ctx context.Context, c Caller, q CheckpointRequest) (Checkpoint, error) {
	key, made, err := a.checkpointKey(ctx, q.NewKey)
	if err != nil {
		return Checkpoint{}, err
	}
	last, err := a.store.Events(ctx, EventQuery{Descending: true, Limit: 1})
	if err != nil {
		return Checkpoint{}, err
	}
	if len(last) == 0 {
		return Checkpoint{}, &Error{Kind: Conflicting, Problem: "there is no event yet", Hint: "every act leaves one"}
	}
	p := Checkpoint{Sequence: last[0].Sequence, Hash: last[0].Hash, Time: a.now(), Signer: key.Public().(ed25519.PublicKey)}
	p.Signature = ed25519.Sign(key, p.Signed())
	changes := []string{"sequence " + strconv.FormatUint(p.Sequence, 10), "hash " + p.Hash.String()}
	change := Change{Puts: []Put{&p}}
	if made != nil {
		changes = append(changes, "new signer "+made.Name)
		change.Puts = append(change.Puts, made)
	}
	event, err := a.event(c, "audit.checkpoint", auditTarget, "", changes)
	if err != nil {
		return Checkpoint{}, err
	}
	change.Events = []Event{event}
	return p, a.store.Apply(context.WithoutCancel(ctx), change)
}

// checkpointKey returns the newest key that signs checkpoints and that the sealer opens, or a new one and the item that keeps it.
func (a *Authority) checkpointKey(ctx context.Context, renew bool) (ed25519.PrivateKey, *Item, error) {
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemCheckpointKey})
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(page.Items, func(x, y Item) int { return y.Created.Compare(x.Created) })
	for i := range page.Items {
		if key, err := a.openCheckpointKey(&page.Items[i]); err == nil && !renew {
			return key, nil, nil
		}
	}
	if len(page.Items) > 0 && !renew {
		return nil, nil, &Error{
			Kind: Conflicting, Problem: "the key that signs checkpoints does not open with this root key",
			Hint: "start the server with the root key of this store; where that is lost, ask for a new key: keywright audit checkpoint --new-key",
		}
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(a.random, seed); err != nil {
		return nil, nil, fmt.Errorf("no randomness: %w", err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	name := hex.EncodeToString(key.Public().(ed25519.PublicKey))
	sealed, err := a.sealer.Seal(itemCheckpointKey, name, seed)
	if err != nil {
		return nil, nil, err
	}
	return key, &Item{Kind: itemCheckpointKey, Name: name, Data: sealed, Created: a.now(), Version: 1}, nil
}

func (a *Authority) openCheckpointKey(item *Item) (ed25519.PrivateKey, error) {
	seed, err := a.sealer.Unseal(item.Kind, item.Name, item.Data)
	if err != nil {
		return nil, err
	}
	if len(seed) != ed25519.SeedSize {
		return nil, ErrSeal
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// ownSigners returns the public keys of those that sign checkpoints and that the sealer opens.
func (a *Authority) ownSigners(ctx context.Context) (map[string]bool, error) {
	own := map[string]bool{}
	if a.sealer == nil {
		return own, nil
	}
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemCheckpointKey})
	if err != nil {
		return nil, err
	}
	for i := range page.Items {
		if key, err := a.openCheckpointKey(&page.Items[i]); err == nil {
			own[string(key.Public().(ed25519.PublicKey))] = true
		}
	}
	return own, nil
}

// Checkpoints returns the checkpoints in the store, oldest first.
func (a *Authority) Checkpoints(ctx context.Context, c Caller) ([]Checkpoint, error) {
	if err := c.mayAudit(ScopeAudit); err != nil {
		return nil, err
	}
	page, err := a.store.List(ctx, Query{Of: Checkpoints})
	return page.Checkpoints, fromStore(err)
}

const (
	auditTarget = "audit" // what the events name that are about the chain itself
	storeTarget = "store" // and those about the whole store
)

// mayAudit decides whether the caller may do something with the whole chain.
func (c Caller) mayAudit(scope string) error {
	if err := c.May(scope); err != nil {
		return err
	}
	if len(c.keyspaces) > 0 || c.owner != "" {
		return denied("the caller may not see the whole chain", "use a service key that is not bound")
	}
	return nil
}

// checkpointAt returns the checkpoint of a sequence, or nil.
func checkpointAt(list []Checkpoint, sequence uint64) *Checkpoint {
	for i := range list {
		if list[i].Sequence == sequence {
			return &list[i]
		}
	}
	return nil
}

func dayOf(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// headHash is what a walk expects before its first event.
func headHash(base *Checkpoint) (uint64, keywright.Hash) {
	if base == nil {
		return 0, keywright.Hash{}
	}
	return base.Sequence, base.Hash
}
