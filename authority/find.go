// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// find looks for the key by each format of the keyspace. Whatever the key, it is hashed and looked for: the time that
// a refusal takes does not tell why.
func (j *judgement) find(ctx context.Context, key keywright.Secret) error {
	a := j.authority
	complete := a.complete.Load() // before the look: what is filled in between is then asked for
	text := key.Reveal()
	full := keywright.HashText(text[:min(len(text), keywright.MaxKeyBytes)])
	j.hash = full
	if j.look(&full, text) {
		return nil
	}
	for i := range j.space.Formats {
		f := &j.space.Formats[i]
		k, err := f.Parse(key)
		if err != nil || k.Checksum() == keywright.ChecksumWrong {
			continue
		}
		j.format = f
		stored := full
		if f.Hash != keywright.CoverFull || !k.Full().Equal(key) { // or it was read leniently
			stored = k.Hash()
		}
		found, err := j.seek(ctx, k, stored, tableHash(f, stored, k.Environment(), k.PublicID()), complete)
		if !found && err == nil {
			found, err = j.seekOther(ctx, k, complete)
		}
		if found || err != nil {
			return err
		}
	}
	if j.missing != "" {
		return errPepper(j.missing)
	}
	return nil
}

// ended are the steps at which a key is refused that is as good as unknown to the outside world.
const ended = 1<<stepRevoked | 1<<stepDisabled | 1<<stepExpired | 1<<stepNotYet

// hide makes a key that was found one that nobody has, in every field and in what it costs.
func (j *judgement) hide(key keywright.Secret) {
	format := j.parseAnyway(key)
	*j = judgement{authority: j.authority, space: j.space, format: format, hash: j.hash, hidden: true}
}

// parseAnyway does for a key that was found at once and is refused what an unknown one costs, so that the time of a
// refusal does not tell them apart. It returns the format that an unknown one would have.
func (j *judgement) parseAnyway(key keywright.Secret) *keywright.Format {
	if !j.unparsed {
		return j.format
	}
	format := j.format
	for i := range j.space.Formats {
		k, err := j.space.Formats[i].Parse(key)
		if err != nil || k.Checksum() == keywright.ChecksumWrong {
			continue
		}
		format = &j.space.Formats[i]
		hash := j.hash
		hash[0] ^= 1 // nobody has it
		_, _, _ = j.authority.table.Find((*[32]byte)(&hash))
	}
	return format
}

// look looks in the table for a key that has not been parsed. A key that was made here and has the right hash is the
// one that was made, so it is written right.
func (j *judgement) look(hash *keywright.Hash, text string) bool {
	a := j.authority
	id, state, ok := a.table.Find((*[32]byte)(hash))
	if !ok || state.Has(table.Registered) || state.Has(table.Doubtful) || state.Has(table.Slow) {
		return false
	}
	g := a.grants.At(state.Grant())
	kind := a.kinds.At(g.kind)
	if kind.space != j.space.number {
		return false
	}
	f := j.formatOf(kind)
	if f.Hash != keywright.CoverFull {
		return false
	}
	j.format, j.publicID, j.stored, j.unparsed = f, f.PublicID(text), *hash, true
	j.take(id, state, g, kind)
	return true
}

// lookParsed looks in the table for a key that is written as its format says.
func (j *judgement) lookParsed(hash *keywright.Hash, k keywright.Key, stored keywright.Hash) bool {
	a := j.authority
	id, state, ok := a.table.Find((*[32]byte)(hash))
	if j.doubtful = ok && state.Has(table.Doubtful); !ok || j.doubtful || state.Has(table.Slow) {
		return false
	}
	g := a.grants.At(state.Grant())
	kind := a.kinds.At(g.kind)
	if kind.space != j.space.number || j.formatOf(kind).Name != j.format.Name {
		return false // of another keyspace, or written in another format
	}
	if j.format.Environment != "" && k.Environment() != kind.environment {
		return false // a public segment differs from the record's
	}
	j.hash, j.publicID, j.stored = *hash, k.PublicID(), stored
	j.take(id, state, g, kind)
	return true
}

// formatOf returns the format of a key of this keyspace, which may have been added since the verification began.
func (j *judgement) formatOf(k *kind) *keywright.Format {
	if k.place >= len(j.space.Formats) {
		j.space = j.authority.space(j.space.Name)
	}
	return &j.space.Formats[k.place]
}

func (j *judgement) take(id keywright.KeyID, state table.State, g grant, k *kind) {
	j.found, j.id, j.state, j.owner, j.kind = true, id, state, j.authority.owners.At(g.owner), k
	j.rules = j.authority.rules.At(g.rules)
	j.scopes = j.authority.scopes.At(g.scopes).list()
}
