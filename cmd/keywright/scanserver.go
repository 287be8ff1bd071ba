// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/sweep"
	"github.com/keywright/keywright/leak"
)

// scanServer returns the server that the flags name, if they name one, and the formats of its keyspaces.
func (s *session) scanServer(ctx context.Context, f *scanFlags) (*client.Client, []leak.Format, error) {
	if f.url == "" && f.profile == "" && !f.revoke {
		return nil, nil, nil
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return nil, nil, err
	}
	keyspaces, err := c.Keyspaces(ctx)
	if err != nil {
		return nil, nil, unjudged(err)
	}
	var formats []leak.Format
	for _, k := range keyspaces {
		for _, wire := range k.Formats {
			format, err := wire.Resolve()
			if err != nil {
				return nil, nil, unknowable("the keyspace "+printable(k.Name)+" has a format that this version does not know", "use the version of the server", err)
			}
			if leak.Findable(format) != nil {
				s.warn("keys of the keyspace %s that begin with no label cannot be looked for", printable(k.Name))
				continue
			}
			formats = append(formats, leak.Format{Format: format, Keyspace: k.Name})
		}
	}
	return c, formats, nil
}

// A question is one key, in one of the keyspaces that could have it.
type question struct {
	key      keywright.Secret
	keyspace string
	state    string
	id       keywright.KeyID
	previous bool
	err      error
}

// judge asks the server about the keys of its own formats, each once. Those that it did not judge are problems.
func (r *scan) judge(ctx context.Context, c *client.Client) {
	var all []question
	first := map[string]int{} // of the questions about a key, by its fingerprint
	for i := range r.found {
		f := &r.found[i]
		if _, asked := first[f.Fingerprint]; asked || len(f.Keyspaces) == 0 {
			continue
		}
		first[f.Fingerprint] = len(all)
		for _, keyspace := range f.Keyspaces {
			all = append(all, question{key: f.Key, keyspace: keyspace})
		}
	}
	if len(all) == 0 {
		return
	}
	n := 0
	asks := func(yield func(keywright.Ask) bool) {
		for _, q := range all {
			if !yield(keywright.Ask{Key: q.key, Keyspace: q.keyspace, DryRun: true}) {
				return
			}
		}
	}
	err := c.VerifyMany(ctx, asks, func(v keywright.Verdict, err error) error {
		all[n].answered(&v, err)
		n++
		return nil
	})
	for ; n < len(all); n++ {
		all[n].err = err
	}
	for i := range r.found {
		if at, ok := first[r.found[i].Fingerprint]; ok {
			r.settle(&r.found[i], all[at:at+len(r.found[i].Keyspaces)])
		}
	}
}

// answered takes what the server says of a key.
func (q *question) answered(v *keywright.Verdict, err error) {
	if q.err = err; err != nil {
		return
	}
	q.id, q.previous = v.KeyID, v.Previous
	switch v.Code {
	case keywright.NotFound, keywright.Malformed:
		q.state = "unknown"
	case keywright.Revoked, keywright.Disabled, keywright.Expired:
		q.state = strings.ToLower(string(v.Code))
	case keywright.NotYetValid:
		q.state = "pending"
	default: // refused here and now, and good elsewhere
		q.state = "active"
	}
}

// settle gives a finding the answer of the keyspace that knows the key.
func (r *scan) settle(f *scanned, answers []question) {
	i := slices.IndexFunc(answers, func(q question) bool { return q.err == nil && q.state != "unknown" })
	if i >= 0 {
		f.State, f.Keyspace, f.KeyID, f.previous = answers[i].state, answers[i].keyspace, answers[i].id, answers[i].previous
		return
	}
	for _, q := range answers {
		if q.err == nil {
			continue
		}
		failed := asFailure(unjudged(q.err))
		r.problems = append(r.problems, sweep.Problem{Path: f.Path, Problem: fmt.Sprintf("line %d: the server did not judge the key: %s", f.Line, failed.Error())})
		r.warn("%s: line %d: the server did not judge the key: %s", printable(f.Path), f.Line, printable(failed.Error()))
		return
	}
	f.State = "unknown"
}

// revoke ends the keys that the server calls active, after it has asked whether that is meant. Of a key that was
// rotated, the old secret alone is ended.
func (r *scan) revoke(ctx context.Context, c *client.Client) error {
	var active []*scanned
	for i := range r.found {
		f := &r.found[i]
		if f.State == "active" && !slices.ContainsFunc(active, func(other *scanned) bool { return other.Fingerprint == f.Fingerprint }) {
			active = append(active, f)
		}
	}
	if len(active) == 0 {
		r.say("no active keys: nothing to revoke")
		return nil
	}
	if !r.flags.yes {
		if !isTerminal(r.stdin) || !isTerminal(r.stderr) {
			return misused("nobody can be asked here, and nothing was revoked", "look at what was found, then give --yes")
		}
		_, _ = fmt.Fprintf(r.stderr, "revoke %s for good? [y/N] ", keysText(len(active)))
		answer, err := r.answer(ctx)
		if err != nil {
			return err
		}
		if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
			return refused("nothing was revoked", "")
		}
	}
	failed := 0
	for _, f := range active {
		var err error
		if f.previous {
			_, err = c.EndGrace(ctx, f.KeyID, true)
		} else {
			_, err = c.Revoke(ctx, f.KeyID, fmt.Sprintf("found by keywright scan in %s, line %d", printable(f.Path), f.Line))
		}
		if err != nil {
			failed++
			r.warn("%s %s was not revoked: %s", f.KeyID, printable(f.Masked), printable(asFailure(fromServer(err)).Error()))
			continue
		}
		r.say("revoked %s %s · no node answers VALID from now on", f.KeyID, printable(f.Masked))
	}
	if failed > 0 {
		return unknowable(fmt.Sprintf("%s not revoked", keysText(failed)), "see the warnings above", nil)
	}
	return nil
}
