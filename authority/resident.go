// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// A grant is what the secrets of a record may do: equal grants are kept once. All it holds are numbers, as there can be as
// many grants as keys: it must have no pointer for the collector to follow.
type grant struct {
	owner, kind, scopes, rules uint32
}

// kind is where a key belongs.
type kind struct {
	space       uint32 // the number of the keyspace
	place       int    // of the format among those of the keyspace, which are only ever added to
	environment string
}

// ruleSet is what only some keys have.
type ruleSet struct {
	Rules
	notBefore time.Time
	limits    []metered
	credits   bool
	parent    *lineage // or nil
}

// resident puts the secrets of a record into the table, by Put or Fill.
func (a *Authority) resident(r *Record, put func([32]byte, [16]byte, table.State)) error {
	space := a.space(r.Keyspace)
	if space == nil {
		return fmt.Errorf("record %s is of a keyspace that does not exist", r.ID)
	}
	place := slices.IndexFunc(space.Formats, func(f keywright.Format) bool { return f.Name == r.Format })
	if place < 0 {
		return fmt.Errorf("record %s is of a format that its keyspace does not have", r.ID)
	}
	number, err := a.grant(r, &kind{space.number, place, r.Environment})
	if err != nil {
		return err
	}
	var flags table.Flag
	if !r.Revoked.IsZero() {
		flags |= table.Revoked
	}
	if r.Disabled {
		flags |= table.Disabled
	}
	for i, s := range r.Secrets {
		secret := flags
		if i > 0 {
			secret |= table.Previous
		}
		if s.Registered {
			secret |= table.Registered
		}
		known := s.Hash
		if s.Slow != "" {
			secret |= table.Slow | table.Registered
		} else {
			known = tableHash(&space.Formats[place], s.Hash, r.Environment, s.PublicID)
		}
		space.others.note(s.Pepper, s.Slow != "")
		end, err := a.secretEnd(r, i)
		if err != nil {
			a.log.Error("the last use of a secret could not be read", "key_id", r.ID.String(), "error", err)
			secret |= table.Doubtful
		}
		if i > 0 && !s.Grace {
			secret |= table.Ended
		}
		state := table.NewState(seconds(earlier(r.Expires, end)), secret, number)
		put(known, r.ID, state)
	}
	return nil
}

// grant returns the number of a record's grant.
func (a *Authority) grant(r *Record, k *kind) (uint32, error) {
	g := grant{
		kind: a.kinds.Number(strconv.Itoa(int(k.space))+" "+strconv.Itoa(k.place)+" "+k.environment, func() *kind {
			k.environment = strings.Clone(k.environment)
			return k
		}),
		scopes: a.scopeNumber(r),
	}
	rules, err := a.ruleNumber(r)
	if err != nil {
		return 0, err
	}
	g.rules = rules
	var ok bool
	if g.owner, ok = a.owners.Number(r.Owner); !ok {
		return 0, errors.New("there is no room for more owners")
	}
	number := a.grants.Number(g)
	if number > table.MaxGrant {
		return 0, fmt.Errorf("more than %d different grants", table.MaxGrant)
	}
	return number, nil
}

// ruleNumber returns the number of a record's rules; 0 is none.
func (a *Authority) ruleNumber(r *Record) (uint32, error) {
	a.rules.Number("", func() *ruleSet { return nil })
	if r.Rules.IsZero() && r.NotBefore.IsZero() && len(r.Limits) == 0 && r.Credits == nil && r.Parent.IsZero() {
		return 0, nil
	}
	key, err := json.Marshal(struct {
		NotBefore int64
		Parent    keywright.KeyID
		Credits   bool
		Rules     Rules
		Limits    []Limit
	}{r.NotBefore.Unix(), r.Parent, r.Credits != nil, r.Rules, r.Limits})
	if err != nil {
		return 0, err
	}
	return a.rules.Number(string(key), func() *ruleSet {
		rules := r.Rules
		rules.Networks = slices.Clone(rules.Networks)
		for _, list := range []*[]string{&rules.Origins, &rules.Methods, &rules.Paths, &rules.Keyspaces} {
			*list = slices.Clone(*list)
		}
		set := &ruleSet{Rules: rules, notBefore: r.NotBefore, limits: meterAll(r.Limits), credits: r.Credits != nil}
		if !r.Parent.IsZero() {
			set.parent = a.lineages.add(r.Parent)
		}
		return set
	}), nil
}

// tableHash is what the table knows a secret by: its storage hash, or, where that covers no more than the secret, a hash of
// it and of the public segments, so that a key whose public segments differ from the record's is not found.
func tableHash(f *keywright.Format, h keywright.Hash, environment, publicID string) keywright.Hash {
	if f.Hash == keywright.CoverFull {
		return h
	}
	if f.Environment == "" {
		environment = ""
	}
	if f.ID.None() {
		publicID = ""
	}
	return keywright.HashText(string(h[:]) + "\x00" + environment + "\x00" + publicID)
}

// earlier returns the first of two times, of which a zero one is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// seconds returns a time as the table keeps it: 0 is never. What lies before 1970 is expired, what lies beyond 2106
// is never reached.
func seconds(t time.Time) uint32 {
	switch {
	case t.IsZero():
		return 0
	case t.Unix() < 1:
		return 1
	case t.Unix() >= math.MaxUint32:
		return math.MaxUint32
	}
	return uint32(t.Unix())
}

// allowsAddress reports whether one of the networks holds an address.
func allowsAddress(networks []netip.Prefix, address netip.Addr) bool {
	address = address.Unmap()
	for _, n := range networks {
		if n.Contains(address) {
			return true
		}
	}
	return false
}
