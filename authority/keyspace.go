// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keywright/keywright"
)

const maxFormats = 20

// A KeyspaceRequest asks for a keyspace, or for a change of one: there nil leaves a field as it is.
type KeyspaceRequest struct {
	Name         string
	Formats      []keywright.Format // not nil: in a change, formats to add; one that exists must be the same
	Environments []string
	Policy       *Policy
}

// CreateKeyspace makes a keyspace. Without formats it gets the default one, with its own name as the prefix; without
// environments live and test.
func (a *Authority) CreateKeyspace(ctx context.Context, c Caller, q KeyspaceRequest) (Keyspace, error) {
	if err := c.may(ScopeKeyspacesWrite, q.Name); err != nil {
		return Keyspace{}, err
	}
	if !keyspaceName(q.Name) {
		return Keyspace{}, invalid("name", "is not a name of a keyspace", "use 1 to 64 lower-case letters, digits and -, such as acme")
	}
	if a.space(q.Name) != nil {
		return Keyspace{}, &Error{Kind: Conflicting, Field: "name", Problem: "is the name of another keyspace", Hint: "use another name, or update that one"}
	}
	if err := a.checkExchange(q.Policy); err != nil {
		return Keyspace{}, err
	}
	k := Keyspace{Name: q.Name, Environments: []string{"live", "test"}}
	if q.Formats == nil {
		f, err := keywright.Preset(keywright.DefaultPreset)
		if err != nil {
			return Keyspace{}, err
		}
		f.Name, f.Prefix = "secret", strings.ReplaceAll(q.Name, "-", "_")
		q.Formats = []keywright.Format{f}
	}
	changes, err := q.apply(&k)
	if err != nil {
		return Keyspace{}, err
	}
	if err := a.putKeyspace(ctx, c, k, changes, "keyspace.create"); err != nil {
		return Keyspace{}, err
	}
	return a.space(q.Name).Keyspace, nil
}

// UpdateKeyspace changes environments and policy, and adds formats. Formats are never changed or taken away: keys
// once issued must verify for ever. Keys of an environment that is taken away stay as they are.
func (a *Authority) UpdateKeyspace(ctx context.Context, c Caller, q KeyspaceRequest) (Keyspace, error) {
	if err := c.may(ScopeKeyspacesWrite, q.Name); err != nil {
		return Keyspace{}, err
	}
	s := a.space(q.Name)
	if s == nil {
		return Keyspace{}, unknown("keyspace", "list shows them")
	}
	if q.Name == ReservedKeyspace {
		return Keyspace{}, denied("the keyspace of service keys cannot be changed", "make a keyspace of your own")
	}
	if err := a.checkExchange(q.Policy); err != nil {
		return Keyspace{}, err
	}
	k := s.Keyspace
	k.Formats = slices.Clone(k.Formats)
	changes, err := q.apply(&k)
	if err != nil {
		return k, err
	}
	if len(changes) == 0 {
		return k, fromStore(a.everywhere(ctx))
	}
	if err := a.putKeyspace(ctx, c, k, changes, "keyspace.update"); err != nil {
		return Keyspace{}, err
	}
	return a.space(q.Name).Keyspace, nil
}

// Keyspaces lists the keyspaces that the caller may see, by name.
func (a *Authority) Keyspaces(c Caller) ([]Keyspace, error) {
	if err := c.May(ScopeKeyspacesRead); err != nil {
		return nil, err
	}
	spaces := *a.spaces.Load()
	var list []Keyspace
	for _, name := range slices.Sorted(maps.Keys(spaces)) {
		if c.may(ScopeKeyspacesRead, name) == nil {
			list = append(list, spaces[name].Keyspace)
		}
	}
	return list, nil
}

// Keyspace returns one keyspace.
func (a *Authority) Keyspace(c Caller, name string) (Keyspace, error) {
	if err := c.may(ScopeKeyspacesRead, name); err != nil {
		return Keyspace{}, err
	}
	s := a.space(name)
	if s == nil {
		return Keyspace{}, unknown("keyspace", "list shows them")
	}
	return s.Keyspace, nil
}

func (a *Authority) putKeyspace(ctx context.Context, c Caller, k Keyspace, changes []string, verb string) error {
	event, err := a.event(c, verb, k.Name, k.Name, changes)
	if err != nil {
		return err
	}
	if k.Version == 0 {
		k.Created = event.Time
	}
	k.Updated = event.Time
	k.Version++
	a.peppers.mu.RLock()
	defer a.peppers.mu.RUnlock()
	if err := a.checkPepper(k.Policy.Pepper); err != nil {
		return err
	}
	defer a.acting.begin()()
	var was Keyspace
	if s := a.space(k.Name); s != nil {
		was = s.Keyspace
	}
	if err := a.store.Apply(context.WithoutCancel(ctx), Change{Puts: []Put{&k}, Events: []Event{event}}); err != nil {
		if errors.Is(err, ErrConflict) {
			return &Error{Kind: Conflicting, Problem: "the keyspace was changed at the same time", Hint: "read it again and repeat", Cause: err}
		}
		return fromStore(err)
	}
	if a.member == nil { // else the feed has brought it
		if err := a.adopt(k); err != nil {
			return err
		}
	}
	return a.logRoles(ctx, &was, &k)
}

// apply sets what is not nil, in the form in which it is kept, and says what changed.
func (q KeyspaceRequest) apply(k *Keyspace) (changes []string, err error) {
	for i, f := range q.Formats {
		added, err := addFormat(k, f, fmt.Sprintf("formats[%d]", i))
		if err != nil {
			return nil, err
		}
		if added != "" {
			changes = append(changes, "format "+added)
		}
	}
	if len(k.Formats) == 0 {
		return nil, invalid("formats", "is empty", "leave it out for the default format")
	}
	if q.Environments != nil {
		labels := []string{}
		for i, e := range q.Environments {
			label, err := keywright.Environment(e)
			if err != nil {
				return nil, fromFormat(fmt.Sprintf("environments[%d]", i), err)
			}
			if !slices.Contains(labels, label) {
				labels = append(labels, label)
			}
		}
		if len(labels) > maxEntries {
			return nil, tooMany("environments", maxEntries)
		}
		if !slices.Equal(labels, k.Environments) {
			k.Environments = labels
			changes = append(changes, "environments "+strings.Join(labels, " "))
		}
	}
	if q.Policy != nil {
		if err := q.Policy.check(k); err != nil {
			return nil, err
		}
		k.Policy = *q.Policy
		changes = append(changes, policyLines(&k.Policy)...)
	}
	for _, f := range k.Formats {
		if f.Environment != "" && len(k.Environments) == 0 {
			return nil, invalid("environments", "is empty", "keys of the format "+f.Name+" carry one: name at least one, such as live")
		}
	}
	return changes, nil
}

func addFormat(k *Keyspace, f keywright.Format, field string) (added string, err error) {
	if f.Name == "" && len(k.Formats) == 0 {
		f.Name = "secret"
	}
	if !keyspaceName(f.Name) {
		return "", invalid(field+".name", "is not a name of a format", "use 1 to 64 lower-case letters, digits and -, such as secret or publishable")
	}
	if f, err = f.Normalize(); err != nil {
		return "", fromFormat(field, err)
	}
	if old := k.Format(f.Name); old != nil {
		if *old != f {
			return "", invalid(field+".name", "is the name of a format that is different", "formats are not changed: add one with another name")
		}
		return "", nil
	}
	if len(k.Formats) == maxFormats {
		return "", tooMany("formats", maxFormats)
	}
	k.Formats = append(k.Formats, f)
	return f.Name, nil
}

func keyspaceName(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' })
}
