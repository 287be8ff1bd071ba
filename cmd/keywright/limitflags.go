// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/keywright/keywright/api"
)

const noLimits = "none"

// limitList is a flag that takes limits such as requests=100/1m,burst=20. They are taken from at every verification
// unless they end with ,named.
type limitList struct{ limits *[]api.Limit }

func addLimitFlag(flags *pflag.FlagSet, to *[]api.Limit, name, usage string) {
	flags.Var(limitList{to}, name, usage)
}

func (l limitList) Type() string { return "limit" }

func (l limitList) String() string {
	if l.limits == nil {
		return ""
	}
	return limitTexts(*l.limits)
}

func (l limitList) Set(s string) error {
	if s == noLimits {
		*l.limits = []api.Limit{}
		return nil
	}
	limit, err := parseLimit(s)
	if err == nil {
		*l.limits = append(*l.limits, limit)
	}
	return err
}

const badLimit = valueError("is not a limit such as requests=100/1m or exports=5/24h,burst=2,named")

func parseLimit(s string) (api.Limit, error) {
	parts := strings.Split(s, ",")
	name, rate, ok := strings.Cut(parts[0], "=")
	amount, window, slash := strings.Cut(rate, "/")
	limit := api.Limit{Name: name, Auto: true}
	n, err := strconv.ParseInt(amount, 10, 64)
	d, windowErr := api.ParseDuration(window)
	if !ok || !slash || name == "" || err != nil || windowErr != nil {
		return limit, badLimit
	}
	limit.Limit, limit.Window = n, d
	for _, part := range parts[1:] {
		burst, ok := strings.CutPrefix(part, "burst=")
		switch {
		case part == "named":
			limit.Auto = false
		case !ok:
			return limit, badLimit
		default:
			if limit.Burst, err = strconv.ParseInt(burst, 10, 64); err != nil {
				return limit, badLimit
			}
		}
	}
	return limit, nil
}

// limitText writes a limit as --limit takes it.
func limitText(l api.Limit) string {
	text := fmt.Sprintf("%s=%d/%s", l.Name, l.Limit, l.Window)
	if l.Burst > 0 {
		text += fmt.Sprintf(",burst=%d", l.Burst)
	}
	if !l.Auto {
		text += ",named"
	}
	return text
}

func limitTexts(limits []api.Limit) string {
	var texts []string
	for _, l := range limits {
		texts = append(texts, limitText(l))
	}
	return strings.Join(texts, " ")
}

// refillValue is a flag that takes 500/24h or 500/day 1, with ,reset at its end where the balance is set and not added to.
type refillValue struct{ to **api.Refill }

func (r refillValue) Type() string { return "refill" }

func (r refillValue) String() string {
	if r.to == nil || *r.to == nil {
		return ""
	}
	return refillText(*r.to)
}

func (r refillValue) Set(s string) error {
	const bad = valueError("is not a refill such as 500/24h, 500/day 1 or 500/30d,reset")
	terms, mode, given := strings.Cut(s, ",")
	amount, when, ok := strings.Cut(terms, "/")
	n, err := strconv.ParseInt(amount, 10, 64)
	if !ok || err != nil || given && mode != "add" && mode != "reset" {
		return bad
	}
	refill := api.Refill{Amount: n, Mode: mode}
	if day, monthly := strings.CutPrefix(when, "day "); monthly {
		refill.Day, err = strconv.Atoi(day)
	} else {
		refill.Every, err = api.ParseDuration(when)
	}
	if err != nil {
		return bad
	}
	*r.to = &refill
	return nil
}

// refillText writes a refill as --refill takes it.
func refillText(r *api.Refill) string {
	if r == nil {
		return ""
	}
	text := fmt.Sprintf("%d/%s", r.Amount, r.Every)
	if r.Day > 0 {
		text = fmt.Sprintf("%d/day %d", r.Amount, r.Day)
	}
	if r.Mode == "reset" {
		text += ",reset"
	}
	return text
}

// wholeNumber is a flag that takes a number, and tells none from 0.
type wholeNumber struct{ to **int64 }

func (w wholeNumber) Type() string { return "int64" }

func (w wholeNumber) String() string {
	if w.to == nil || *w.to == nil {
		return ""
	}
	return strconv.FormatInt(**w.to, 10)
}

func (w wholeNumber) Set(s string) error {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return err
	}
	*w.to = &n
	return nil
}

// spendFlags are limits and credits, of a key or of an owner.
type spendFlags struct {
	limits  []api.Limit
	credits *int64
	refill  *api.Refill
}

func (f *spendFlags) add(flags *pflag.FlagSet) {
	addLimitFlag(flags, &f.limits, "limit", "limit how often by `LIMIT`: requests=100/1m,burst=20, taken from at every verification, or exports=5/24h,named, only "+
		"where it is named; none for no limit (repeat)")
	flags.Var(wholeNumber{&f.credits}, "credits", "keep credits, and begin with `N`")
	flags.Var(refillValue{&f.refill}, "refill", "fill the credits up by `N/TIME`: 500/24h, or 500/day 1 for each month; with ,reset set them to it")
}

// creditsRequest is for what begins to be.
func (f *spendFlags) creditsRequest() (*api.CreditsRequest, error) {
	switch {
	case f.credits != nil:
		return &api.CreditsRequest{Remaining: *f.credits, Refill: f.refill}, nil
	case f.refill != nil:
		return nil, misused("--refill stands without --credits", "say how many credits it begins with, such as --credits 0")
	}
	return nil, nil
}

// creditsPatch changes what is there.
func (f *spendFlags) creditsPatch(cleared map[string]bool) (*api.CreditsPatch, error) {
	p := api.CreditsPatch{Remaining: f.credits, Refill: f.refill}
	switch {
	case cleared["credits"] && (!p.Ends() || cleared["refill"]):
		return nil, misused("--clear credits stands beside another change of the credits", "give one of them")
	case cleared["credits"]:
		return &p, nil
	case cleared["refill"]:
		p.Refill = &api.Refill{}
	case p.Ends():
		return nil, nil
	}
	return &p, nil
}
