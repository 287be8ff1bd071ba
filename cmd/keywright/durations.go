// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/keywright/keywright/api"
)

// durationValue reads 90s, 24h and 30d.
type durationValue struct{ to *time.Duration }

func (d durationValue) Type() string { return "duration" }

func (d durationValue) String() string {
	if d.to == nil || *d.to == 0 {
		return ""
	}
	return api.Duration(*d.to).String()
}

func (d durationValue) Set(s string) error {
	parsed, err := api.ParseDuration(s)
	if err != nil || parsed < 0 {
		return valueError("is not a duration such as 90s, 24h or 30d")
	}
	*d.to = time.Duration(parsed)
	return nil
}

func addDuration(flags *pflag.FlagSet, to *time.Duration, name string, initial time.Duration, usage string) {
	*to = initial
	flags.Var(durationValue{to}, name, usage)
}

// timeValue reads RFC 3339, and a day as its first moment in UTC.
type timeValue struct{ to *time.Time }

func (t timeValue) Type() string { return "time" }

func (t timeValue) String() string {
	if t.to == nil || t.to.IsZero() {
		return ""
	}
	return t.to.Format(time.RFC3339)
}

func (t timeValue) Set(s string) error {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if parsed, err := time.Parse(layout, s); err == nil {
			*t.to = parsed.UTC()
			return nil
		}
	}
	return valueError("is not a time such as 2030-01-31T12:00:00Z or 2030-01-31")
}

func addTime(flags *pflag.FlagSet, to *time.Time, name, usage string) {
	flags.Var(timeValue{to}, name, usage)
}
