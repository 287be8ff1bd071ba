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
	// Before the look: what is filled in between is then asked for. What another node has made is not in the table.
	complete := j.authority.complete.Load() && j.authority.member == nil
	text := key.Reveal()
	full := keywright.HashText(text[:min(len(text), keywright.MaxKeyBytes)])
	j.hash = full
	if j.look(&full, text) {
		return nil
	}
	return j.search(ctx, key, full, complete)
}

// search looks for a key that was not found at once.
func (j *judgement) search(ctx context.Context, key keywright.Secret, full keywright.Hash, complete bool) error {
	for i := range j.space.Formats {
		f := &j.space.Formats[i]
		k, err := f.Parse(key)
		if err != nil || k.Checksum() == keywright.ChecksumWrong {
			continue
		}
		j.format, j.publicID = f, k.PublicID()
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

// parseAnyway does for a key that was found at once and is refused what an unknown one costs, so that the time of a
// refusal does not tell them apart. It looks for nothing: to find something takes as long as to find nothing twice.
func (j *judgement) parseAnyway(key keywright.Secret) {
	if !j.unparsed {
		return
	}
	for i := range j.space.Formats {
		k, err := j.space.Formats[i].Parse(key)
		if err != nil || k.Checksum() == keywright.ChecksumWrong {
			continue
		}
		if j.space.others.peppers.Load() == nil {
			continue
		}
		for _, p := range j.peppers(true) {
			if p.key != nil {
				hash := k.MAC(p.key)
				_, _, _ = j.authority.table.Find((*[32]byte)(&hash))
			}
		}
	}
}

// exists reports whether a key of the table is there for this judgement: those of other owners than the caller's are not.
func (j *judgement) exists(g grant) bool {
	if j.only != "" && j.authority.owners.At(g.owner) != j.only {
		j.hidden = true
		return false
	}
	return true
}

// look looks in the table for a key that has not been parsed. A key that was made here and has the right hash is the
// one that was made, so it is written right.
func (j *judgement) look(hash *keywright.Hash, text string) bool {
	a := j.authority
	id, state, ok := a.table.Find((*[32]byte)(hash))
	if !ok || state.Has(table.Doubtful) || state.Has(table.Slow) {
		return false
	}
	g := a.grants.At(state.Grant())
	if !j.exists(g) {
		return false
	}
	if state.Has(table.Registered) { // whoever registered it may have written it in another way than the format says
		return false
	}
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
	if j.hidden { // it was found, and to find something takes as long as to find nothing twice
		return false
	}
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
	if !j.exists(g) {
		return false
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
