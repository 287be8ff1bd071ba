// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"

	"github.com/keywright/keywright"
)

// An Exported is a record as it leaves, in the form in which ImportMany takes it. Secrets whose hashes were not asked for
// have none.
type Exported struct {
	Record  Record
	Covers  keywright.Cover // what the hashes of its format cover
	Credits *CreditsRequest // what is left, and how it is filled up
}

// Algorithm names how the hash of a secret was made, as an import takes it.
func (s *StoredSecret) Algorithm() string {
	switch {
	case s.Slow != "":
		return algorithmOf(s.Slow)
	case s.Pepper != "":
		return "hmac-sha256"
	}
	return "sha256"
}

// Export visits the records that a filter chooses, each behind its parent, newest first among those that are as deep. It
// leaves an event before the first. Hashes need a scope of their own: whoever has one can try keys against it.
func (a *Authority) Export(ctx context.Context, c Caller, f Filter, hashes bool, visit func(*Exported) error) error {
	f.Keyspace = c.keyspace(f.Keyspace)
	if err := f.check(); err != nil {
		return err
	}
	if err := c.mayExport(f.Keyspace, hashes); err != nil {
		return err
	}
	s := a.space(f.Keyspace)
	if s == nil {
		return unknown("keyspace", "list the keyspaces to see them")
	}
	lines := f.lines()
	if hashes {
		lines = append(lines, "with hashes")
	}
	event, err := a.event(c, "key.export", f.Keyspace, f.Keyspace, lines, [2]string{"owner", f.Owner})
	if err != nil {
		return err
	}
	if err := a.store.Apply(context.WithoutCancel(ctx), Change{Events: []Event{event}}); err != nil {
		return fromStore(err)
	}
	for depth, deeper := 0, true; deeper; depth++ {
		deeper = false
		err := a.each(ctx, c, f, func(r *Record) error {
			at, err := a.depth(ctx, r)
			if deeper = deeper || at > depth; err != nil || at != depth {
				return err
			}
			out, err := a.exported(ctx, s, r, hashes)
			if err != nil {
				return err
			}
			return visit(out)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mayExport decides whether the caller may take records out of a keyspace.
func (c Caller) mayExport(keyspace string, hashes bool) error {
	if err := c.may(ScopeExport, keyspace); err != nil || !hashes {
		return err
	}
	if err := c.may(ScopeExportHashes, keyspace); err != nil {
		return denied("the caller lacks the scope "+ScopeExportHashes, "leave the hashes out, or use a service key that has it")
	}
	return nil
}

func (a *Authority) exported(ctx context.Context, s *space, r *Record, hashes bool) (*Exported, error) {
	out := &Exported{Record: *r}
	if f := s.Format(r.Format); f != nil {
		out.Covers = f.Hash
	}
	if r.Credits != nil {
		balance, err := a.bank.balance(ctx, Account(r.ID))
		if err != nil {
			return nil, fromStore(err)
		}
		out.Credits = &CreditsRequest{Remaining: balance.Remaining, Refill: r.Credits.Refill}
	}
	if !hashes {
		out.Record.Secrets = slices.Clone(r.Secrets)
		for i := range out.Record.Secrets {
			out.Record.Secrets[i].Hash, out.Record.Secrets[i].Slow = keywright.Hash{}, ""
		}
	}
	return out, nil
}
