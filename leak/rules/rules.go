// SPDX-License-Identifier: Apache-2.0

// Package rules writes what other people's scanners need to find keys of a format: rule files with examples and
// counter-examples, and what partner programmes ask of an issuer.
//
// Start with Of, which makes rules from formats, and write them with Write:
//
//	made, left, err := rules.Of([]rules.Source{{Format: f}})
//	err = rules.Write(w, rules.Gitleaks, made, rules.Issuer{})
//
// A rule is told by its labels, so a format whose keys begin with none has no rule. Where a scanner cannot judge a
// checksum, its file says so. The package has no file, socket or clock, and the same formats give the same bytes: the
// examples come from a fixed seed, belong to nobody and open nothing.
package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/keywright/keywright"
)

// A Source is a format, and where its keys are made.
type Source struct {
	Keyspace     string           // what the rule is named after; empty: the prefix
	Format       keywright.Format // normalized
	Environments []string         // the labels that keys carry; empty: the format's own alone
	Publishable  bool             // make a rule for publishable keys too, which anyone may see
}

// name is what people call the source.
func (s *Source) name() string {
	parts := []string{s.Keyspace, s.Format.Name}
	if s.Keyspace == "" {
		parts[0] = s.Format.Prefix
	}
	if name := strings.TrimSpace(strings.Join(parts, " ")); name != "" {
		return name
	}
	return s.Format.Preset
}

// A Left is a source that has no rule, and why.
type Left struct{ Name, Why string }

// A Rule finds the keys of one format.
type Rule struct {
	ID        string   // acme-secret-key
	ShortID   string   // acme.secret: at most 20 characters, for the scanners that allow no more
	Keyspaces []string // those whose keys it finds
	Prefixes  []string // the literals that keys begin with, up to the first random character
	Checksum  keywright.Checksum
	// Publishable keys are not ended by who holds them.
	Publishable bool
	Lenient     bool    // other lengths are verified too, and not found
	Entropy     float64 // Shannon entropy in bits per character that keys are above: less than one in a million is not

	Examples    []Example
	NonExamples []NonExample

	labels, id, secret, secretEnd, sum string // as regular expressions
}

// ErrNone says that no source has a rule.
var ErrNone = errors.New("no format has keys that a scanner could tell from other text")

// Of makes a rule of every source whose keys can be told by their labels. Formats that are written alike share a rule.
// Where no rule is left there is an error, ErrNone.
func Of(sources []Source) (made []Rule, left []Left, err error) {
	byPattern := map[string]int{}
	for i := range sources {
		s := &sources[i]
		if why := unfit(s); why != "" {
			left = append(left, Left{s.name(), why})
			continue
		}
		r := Rule{Checksum: s.Format.Checksum, Lenient: s.Format.Lenient, Publishable: s.Format.Publishable}
		if err := r.describe(s); err != nil {
			return nil, left, err
		}
		if at, known := byPattern[r.Pattern()]; known {
			made[at].Keyspaces = append(made[at].Keyspaces, r.Keyspaces...)
			continue
		}
		byPattern[r.Pattern()] = len(made)
		r.named(s, made)
		made = append(made, r)
	}
	if len(made) == 0 {
		return nil, left, ErrNone
	}
	return made, left, nil
}

// unfit says why a source can have no rule.
func unfit(s *Source) string {
	switch {
	case s.Format.Secret.Encoding == keywright.Opaque:
		return "its keys may be any text: nothing tells them from other text"
	case s.Format.Prefix == "" && s.Format.Environment == "":
		return "its keys begin with no label: give the format a prefix that nobody else has"
	case s.Format.Publishable && !s.Publishable:
		return "its keys are publishable: anyone may see them"
	}
	return ""
}

// describe sets all that follows from the format.
func (r *Rule) describe(s *Source) error {
	f := s.Format
	environments, err := environmentsOf(s)
	if err != nil {
		return err
	}
	if s.Keyspace != "" {
		r.Keyspaces = []string{s.Keyspace}
	}
	maker, err := newMaker(f, environments)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name(), err)
	}
	first, err := maker.key()
	if err != nil {
		return err
	}
	maker.made = 0 // the first example is of the first environment
	r.setPattern(&f, environments, first)
	if r.Entropy, err = entropyFloor(f, environments); err != nil {
		return err
	}
	if r.Examples, err = maker.examples(); err != nil {
		return err
	}
	r.NonExamples, err = maker.nonExamples()
	return err
}

// environmentsOf returns the labels of keys: none where the format has no such segment.
func environmentsOf(s *Source) ([]string, error) {
	if s.Format.Environment == "" {
		return nil, nil
	}
	var labels []string
	for _, given := range append([]string{s.Format.Environment}, s.Environments...) {
		label, err := keywright.Environment(given)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	if len(s.Environments) > 0 && !slices.Contains(s.Environments, s.Format.Environment) {
		labels = labels[1:] // the keyspace has not the one that the format would write by itself
	}
	return labels, nil
}

// named gives the rule names that no other one has.
func (r *Rule) named(s *Source, others []Rule) {
	base, kind := slug(s.Keyspace), slug(s.Format.Name)
	if base == "" {
		base = slug(s.Format.Prefix)
	}
	if base == "" {
		base = slug(s.Format.Environment)
	}
	if kind == "" {
		kind = "api"
	}
	long, short := base+"-"+kind+"-key", cut(base, 10)+"."+cut(kind, 7)
	r.ID, r.ShortID = long, short
	for n := 2; slices.ContainsFunc(others, func(o Rule) bool { return o.ID == r.ID || o.ShortID == r.ShortID }); n++ {
		r.ID, r.ShortID = fmt.Sprintf("%s-%d", long, n), fmt.Sprintf("%s%d", short, n)
	}
}

// slug keeps small letters and digits, and a hyphen between them for all else.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	return strings.Join(words, "-")
}

func cut(text string, n int) string {
	return strings.TrimRight(text[:min(n, len(text))], "-")
}

// Name is the rule's name for people: acme secret key.
func (r *Rule) Name() string { return strings.ReplaceAll(r.ID, "-", " ") }

// Type is the name as partner programmes write it: acme_secret_key.
func (r *Rule) Type() string { return strings.ReplaceAll(r.ID, "-", "_") }

// Class is the name as a class or detector is called: AcmeSecretKey.
func (r *Rule) Class() string {
	var b strings.Builder
	for word := range strings.SplitSeq(r.ID, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	if name := b.String(); name[0] < '0' || name[0] > '9' {
		return name
	}
	return "Keys" + b.String()
}

// Keywords are the prefixes in small letters, as scanners compare them before they try a pattern.
func (r *Rule) Keywords() []string {
	var words []string
	for _, p := range r.Prefixes {
		if word := strings.ToLower(p); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}
