// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

const (
	keysOfAClass = 64
	ownOwner     = "team_7" // whom the caller is bound to
	otherOwner   = "team_8"
)

// A class is a kind of refusal, or of what is compared with it.
type class struct {
	name  string
	keys  []keywright.Secret
	took  []float64 // in nanoseconds
	shown bool      // only shown, not judged

	control keywright.Hash // so that the hash of the control is made
}

// onlyShown are classes that differ. What is malformed anybody can tell without asking. A key that was registered by its
// hash and has ended is looked up, parsed and looked up again, which takes about a hash more than to find nothing.
var onlyShown = []string{"malformed", "registered, revoked"}

// A keyMaker makes the keys of the classes.
type keyMaker struct {
	authority *authority.Authority
	format    keywright.Format
}

// refusals makes keys of every class. The first is what the others are compared with, the last is the control.
func refusals(ctx context.Context, a *authority.Authority) ([]*class, error) {
	f, err := keywright.Preset(keywright.DefaultPreset)
	if err != nil {
		return nil, err
	}
	f.Prefix, f.Environment = authority.DefaultKeyspace, "live"
	m := &keyMaker{a, f}
	foreign := authority.IssueRequest{Owner: otherOwner}
	expiring := authority.IssueRequest{Owner: ownOwner, ExpiresIn: time.Second}
	ways := []struct {
		name string
		make func() (keywright.Secret, error)
	}{
		{"unknown", m.stranger},
		{"unknown, again", m.stranger},
		{"wrong secret", func() (keywright.Secret, error) { return m.wrongSecret(ctx) }},
		{"revoked", func() (keywright.Secret, error) { return m.issued(ctx, expiring, m.revoke) }},
		{"disabled", func() (keywright.Secret, error) { return m.issued(ctx, expiring, m.disable) }},
		{"expired", func() (keywright.Secret, error) { return m.issued(ctx, expiring, nil) }},
		{"of another owner", func() (keywright.Secret, error) { return m.issued(ctx, foreign, nil) }},
		{"registered, revoked", func() (keywright.Secret, error) { return m.registered(ctx, expiring, m.revoke) }},
		{"registered, another owner", func() (keywright.Secret, error) { return m.registered(ctx, foreign, nil) }},
		{"malformed", m.mistyped},
		{"control: one more hash", m.stranger},
	}
	classes := make([]*class, len(ways))
	for i, w := range ways {
		classes[i] = &class{name: w.name, shown: slices.Contains(onlyShown, w.name)}
	}
	for range keysOfAClass {
		for i, w := range ways {
			key, err := w.make()
			if err != nil {
				return nil, err
			}
			classes[i].keys = append(classes[i].keys, key)
		}
	}
	time.Sleep(2 * time.Second) // until those that expire have
	return classes, nil
}

// stranger makes a key that was never issued.
func (m *keyMaker) stranger() (keywright.Secret, error) {
	k, err := keywright.Generate(m.format)
	return k.Full(), err
}

// mistyped makes a key whose checksum is wrong.
func (m *keyMaker) mistyped() (keywright.Secret, error) {
	k, err := m.stranger()
	if err != nil {
		return k, err
	}
	text := []byte(k.Reveal())
	if text[30]++; text[30] == 'z'+1 || text[30] == 'Z'+1 || text[30] == '9'+1 {
		text[30] = 'b'
	}
	return keywright.NewSecret(string(text)), nil
}

// issued makes a key and does something to it.
func (m *keyMaker) issued(ctx context.Context, q authority.IssueRequest, then func(context.Context, keywright.KeyID) error) (keywright.Secret, error) {
	issued, err := m.authority.Issue(ctx, operator, q)
	if err == nil && then != nil {
		err = then(ctx, issued.Record.ID)
	}
	return issued.Key, err
}

// registered makes a key elsewhere and registers its hash.
func (m *keyMaker) registered(ctx context.Context, q authority.IssueRequest, then func(context.Context, keywright.KeyID) error) (keywright.Secret, error) {
	k, err := keywright.Generate(m.format)
	if err != nil {
		return keywright.Secret{}, err
	}
	q.Hash, q.PublicID = k.Hash(), k.PublicID()
	_, err = m.issued(ctx, q, then)
	return k.Full(), err
}

// wrongSecret makes a key with the public id of another, which is known.
func (m *keyMaker) wrongSecret(ctx context.Context) (keywright.Secret, error) {
	var begin [16]byte // enough for the public id, and too little for the secret
	if _, err := rand.Read(begin[:]); err != nil {
		return keywright.Secret{}, err
	}
	for i := range begin {
		begin[i] &= 127 // which no encoding throws away
	}
	var two [2]keywright.Key
	for i := range two {
		g, err := keywright.NewGenerator(m.format, io.MultiReader(bytes.NewReader(begin[:]), rand.Reader))
		if err != nil {
			return keywright.Secret{}, err
		}
		if two[i], err = g.Next(""); err != nil {
			return keywright.Secret{}, err
		}
	}
	_, err := m.issued(ctx, authority.IssueRequest{Owner: ownOwner, Hash: two[0].Hash(), PublicID: two[0].PublicID()}, nil)
	return two[1].Full(), err
}

func (m *keyMaker) revoke(ctx context.Context, id keywright.KeyID) error {
	_, err := m.authority.Revoke(ctx, operator, id, "")
	return err
}

func (m *keyMaker) disable(ctx context.Context, id keywright.KeyID) error {
	_, err := m.authority.Disable(ctx, operator, id)
	return err
}
