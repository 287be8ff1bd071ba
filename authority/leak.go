// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

const (
	itemLeak     = "leak"
	leakIDPrefix = "leak_"

	maxLeaks     = 1000 // of one report
	maxSightings = 100  // that are kept of one leak
	maxSource    = 64   // characters

	defaultLeakDelay = 24 * time.Hour
	maxLeakDelay     = 30 * 24 * time.Hour
)

// LeakPolicy says what becomes of secret keys that are reported. Publishable keys are never ended by a report: anybody
// could end them all.
type LeakPolicy struct {
	Secret string        `json:"secret,omitempty"` // LeakRevoke, LeakDelay or LeakTell; empty: LeakRevoke
	Delay  time.Duration `json:"delay,omitempty"`  // with LeakDelay; 0: 24 h
}

// What a policy can say.
const (
	LeakRevoke = "revoke" // at once
	LeakDelay  = "delay"  // the owner is told first
	LeakTell   = "report" // the owner is told, and nothing else
)

// What was done about a leak.
const (
	LeakRevoked   = "revoked"   // the secret ended
	LeakScheduled = "scheduled" // it ends at RevokeAt
	LeakReported  = "reported"  // it was told
	LeakNone      = "none"      // it had ended before, or there is no such key
)

// A Leak is one secret of a key that was reported, however often.
type Leak struct {
	ID          string          `json:"-"`
	Keyspace    string          `json:"keyspace"`
	Key         keywright.KeyID `json:"key"`
	PublicID    string          `json:"public_id,omitempty"` // of the secret; with Made it names it, whatever it is hashed with
	Made        time.Time       `json:"made"`                // when the secret was made
	Owner       string          `json:"owner,omitempty"`
	Format      string          `json:"format"`
	Publishable bool            `json:"publishable,omitempty"`
	Sightings   []Sighting      `json:"sightings"` // the first 100
	Total       int             `json:"total"`     // of all sightings
	FirstSeen   time.Time       `json:"first_seen"`
	Reported    time.Time       `json:"reported"` // first
	Action      string          `json:"action"`
	RevokeAt    time.Time       `json:"revoke_at,omitzero"`
	Ended       time.Time       `json:"ended,omitzero"` // the secret does not verify any more; zero: it does

	version uint64
}

// A Sighting is one place where a key was seen.
type Sighting struct {
	Source   string    `json:"source"`
	URL      string    `json:"url,omitempty"`
	Reporter string    `json:"reporter,omitempty"`
	Found    time.Time `json:"found,omitzero"`
	Reported time.Time `json:"reported"`
}

// Took returns the time from the first report to the end, and whether it ended after it.
func (l *Leak) Took() (time.Duration, bool) {
	if l.Ended.IsZero() || l.Ended.Before(l.Reported) {
		return 0, false
	}
	return l.Ended.Sub(l.Reported), true
}

// leakID names the leak of one secret: by what stays when the secret gets another hash.
func leakID(key keywright.KeyID, s *StoredSecret) string {
	sum := keywright.HashText(fmt.Sprintf("leak\x00%s\x00%s\x00%d", key, s.PublicID, s.Created.UnixMilli()))
	_, digits, _ := strings.Cut(keywright.KeyID(sum[:16]).String(), "_")
	return leakIDPrefix + digits
}

// place returns where the secret of a leak is among those of its record; -1: it is not kept any more.
func (l *Leak) place(r *Record) int {
	return slices.IndexFunc(r.Secrets, func(s StoredSecret) bool { return s.PublicID == l.PublicID && s.Created.Equal(l.Made) })
}

// put returns the next version of a leak as it is stored.
func (l *Leak) put() (*Item, error) {
	data, err := json.Marshal(l)
	return &Item{Kind: itemLeak, Name: l.ID, Data: data, Created: l.Reported, Version: l.version + 1}, err
}

func openLeak(item *Item) (l Leak, err error) {
	if err = json.Unmarshal(item.Data, &l); err != nil {
		return l, fmt.Errorf("a leak cannot be read: %w", err)
	}
	l.ID, l.version = item.Name, item.Version
	return l, nil
}

// see adds a sighting, and reports whether it is another than those that are kept.
func (l *Leak) see(s Sighting) bool {
	if slices.ContainsFunc(l.Sightings, func(o Sighting) bool { return o.Source == s.Source && o.URL == s.URL }) {
		return false
	}
	l.Total++
	if len(l.Sightings) < maxSightings {
		l.Sightings = append(l.Sightings, s)
	}
	for _, t := range []time.Time{s.Found, s.Reported} {
		if !t.IsZero() && (l.FirstSeen.IsZero() || t.Before(l.FirstSeen)) {
			l.FirstSeen = t
		}
	}
	return true
}

func (p *LeakPolicy) check() error {
	const field = "policy.leaks."
	switch {
	case p == nil:
		return nil
	case p.Secret != "" && p.Secret != LeakRevoke && p.Secret != LeakDelay && p.Secret != LeakTell:
		return invalid(field+"secret", "is not known", "use revoke, delay or report")
	case p.Delay != 0 && p.Secret != LeakDelay:
		return invalid(field+"delay", "stands without secret delay", "leave it out, or set secret to delay")
	case p.Delay != 0 && (p.Delay < time.Minute || p.Delay > maxLeakDelay):
		return invalid(field+"delay", "is shorter than a minute or longer than 30 days", "use a duration such as 24h")
	}
	return nil
}

// decide returns what is to be done about a secret key that verifies, and when it is to end.
func (p *LeakPolicy) decide(now time.Time) (action string, at time.Time) {
	switch {
	case p == nil || p.Secret == "" || p.Secret == LeakRevoke:
		return LeakRevoked, time.Time{}
	case p.Secret == LeakTell:
		return LeakReported, time.Time{}
	case p.Delay == 0:
		return LeakScheduled, now.Add(defaultLeakDelay)
	}
	return LeakScheduled, now.Add(p.Delay)
}
