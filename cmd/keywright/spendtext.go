// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// addSecrets tells of each secret when it ends and was used. Of one alone, the record says enough.
func (d *details) addSecrets(r *api.Record) {
	d.add("last used", usedText(r.LastUsedAt))
	for i := range r.Secrets {
		secret := &r.Secrets[i]
		if len(r.Secrets) == 1 && secret.LastUsedAt.IsZero() {
			return
		}
		text := secret.PublicID
		if text == "" {
			text = "made " + timeText(secret.CreatedAt)
		}
		if !secret.ExpiresAt.IsZero() {
			text += " · ends " + timeText(secret.ExpiresAt)
		}
		if secret.Idle > 0 {
			text += " or when idle for " + secret.Idle.String()
		}
		text += " · " + useText(secret)
		d.add(secret.Secret+" secret", text)
	}
}

func usedText(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return timeText(t)
}

func useText(s *api.RecordSecret) string {
	text := "last used " + usedText(s.LastUsedAt)
	if s.LastUsedFrom.IsValid() {
		text += " from " + s.LastUsedFrom.String()
	}
	return text
}

// spentTexts tell how the limits and credits of a verdict stand.
func spentTexts(v *keywright.Verdict) details {
	var d details
	for l := range api.LimitsOf(v) {
		text := fmt.Sprintf("%s of %s left", grouped(int(l.Remaining)), grouped(int(l.Limit)))
		switch {
		case l.RetryAfter < 0:
			text += " · the cost is more than ever comes at once"
		case l.RetryAfter > 0:
			text += " · come again in " + shortly(l.RetryAfter)
		case l.Reset > 0:
			text += " · all again in " + shortly(l.Reset)
		}
		name := l.Name
		if l.Of != "key" {
			name = l.Of + " " + name
		}
		d.add(name, text)
	}
	if v.Detail != nil && v.Credits != nil {
		d.add("credits", grouped(int(*v.Credits))+" left")
	}
	return d
}

// shortly writes how long to wait: seconds with a digit where it is short, and rounded up.
func shortly(d time.Duration) string {
	unit := time.Second
	if d < 10*time.Second {
		unit = 100 * time.Millisecond
	}
	if rest := d % unit; rest > 0 {
		d += unit - rest
	}
	return api.Duration(d).String()
}

// parseTake reads NAME or NAME=COST.
func parseTake(texts []string) ([]keywright.AskLimit, error) {
	var limits []keywright.AskLimit
	for _, text := range texts {
		name, cost, given := strings.Cut(text, "=")
		l := keywright.AskLimit{Name: name}
		if given {
			if _, err := fmt.Sscanf(cost+"\n", "%d\n", &l.Cost); err != nil || l.Cost < 1 {
				return nil, misused("--take has a cost that is no whole number of 1 or more", "for example --take exports=5")
			}
		}
		limits = append(limits, l)
	}
	return limits, nil
}
