// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
)

// policyFlags describe the policy of a keyspace: each flag sets its own part of it, or --policy the whole.
type policyFlags struct {
	policyFile                           string
	maxLife, maxGrace                    time.Duration
	requireOwner                         bool
	allowedScopes, publishableScopes     []string
	roles                                roleList
	defaultFormat, pepper                string
	keyLimits, ownerLimits, spaceLimits  []api.Limit
	rotateEvery, rotateWarn, rotateGrace time.Duration
	rotateIdle                           time.Duration
	routesFile, routesDefault            string
	exchangeLife                         time.Duration
	exchangeAudience                     []string
	exchangeSpend, exchangeAlgorithm     string
	leakPolicy                           string
	leakDelay                            time.Duration
	clearPolicy                          []string
	changed                              func(string) bool
}

// policyNames are the flags of a policy, which --clear takes.
var policyNames = []string{
	"max-life", "require-owner", "allowed-scope", "publishable-scope", "role", "default-format", "key-limit", "owner-limit",
	"keyspace-limit", "max-grace", "pepper", "rotate-every", "rotate-warn", "rotate-grace", "rotate-idle",
	"routes", "routes-default",
	"exchange-life", "exchange-audience", "exchange-spend", "exchange-algorithm",
	"leak-policy", "leak-delay",
}

func (f *policyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	addDuration(flags, &f.maxLife, "max-life", 0, "let no key live longer than `TIME`, such as 365d")
	flags.BoolVar(&f.requireOwner, "require-owner", false, "let every key name an owner")
	flags.StringSliceVar(&f.allowedScopes, "allowed-scope", nil, "let keys have scopes that `PATTERN` covers alone (repeat)")
	flags.StringSliceVar(&f.publishableScopes, "publishable-scope", nil, "let publishable keys have scopes that `PATTERN` covers, besides those that end with read (repeat)")
	f.roles = roleList{}
	flags.Var(f.roles, "role", "let a role stand for scopes, by `NAME=SCOPES`: reader=invoices:read,users:read; NAME= ends it (repeat)")
	flags.StringVar(&f.defaultFormat, "default-format", "", "issue keys in the format `NAME` where none is named")
	addLimitFlag(flags, &f.keyLimits, "key-limit", "give new keys that name none the `LIMIT`, such as requests=100/1m,burst=20 (repeat)")
	addLimitFlag(flags, &f.ownerLimits, "owner-limit", "give each owner the `LIMIT` for all its keys (repeat)")
	addLimitFlag(flags, &f.spaceLimits, "keyspace-limit", "limit all keys together by `LIMIT` (repeat)")
	addDuration(flags, &f.maxGrace, "max-grace", 0, "let no grace of a rotation be longer than `TIME`, such as 30d")
	addDuration(flags, &f.rotateEvery, "rotate-every", 0, "want a new secret of every key after `TIME`, such as 90d")
	addDuration(flags, &f.rotateWarn, "rotate-warn", 0, "show it `TIME` before (default a tenth of --rotate-every)")
	addDuration(flags, &f.rotateGrace, "rotate-grace", 0, "let old secrets live on for `TIME` after a rotation that names none")
	addDuration(flags, &f.rotateIdle, "rotate-idle", 0, "end that grace when an old secret was not used for `TIME`")
	flags.StringVar(&f.pepper, "pepper", "", "hash new secrets with the pepper `NAME`")
	flags.StringVar(&f.routesFile, "routes", "", "let gateways ask by method and path for what `FILE` says, a list in JSON as the API takes it; - is standard input")
	choice(cmd, &f.routesDefault, "routes-default", "", "let gateways `DO` with what no route matches: allow or deny (default deny where there are routes)", "allow", "deny")
	addDuration(flags, &f.exchangeLife, "exchange-life", 0, "let keys be exchanged for tokens that live for `TIME`, 1h at most")
	flags.StringSliceVar(&f.exchangeAudience, "exchange-audience", nil, "let tokens be for `NAME`, such as the URL of the service (repeat; default the name of the keyspace)")
	choice(cmd, &f.exchangeSpend, "exchange-spend", "", "exchange keys with credits, limits or rules: `WORD` is refuse, or allow, where nobody looks at those while a token lives (default refuse)", "refuse", "allow")
	choice(cmd, &f.exchangeAlgorithm, "exchange-algorithm", "", "sign tokens with `NAME`: ES256 or EdDSA (default ES256)", "ES256", "EdDSA")
	choice(cmd, &f.leakPolicy, "leak-policy", "", "when a secret key is reported as leaked, `DO`: revoke, delay, which tells first and revokes after --leak-delay, or report, which only tells (default revoke)", "revoke", "delay", "report")
	addDuration(flags, &f.leakDelay, "leak-delay", 0, "with --leak-policy delay: revoke after `TIME` (default 24h)")
	flags.StringVar(&f.policyFile, "policy", "", "take the whole policy from `FILE`, in JSON as the API takes it; - is standard input")
}

// policyGiven reports whether anything of a policy was named.
func (f *policyFlags) policyGiven() bool { return f.changed("policy") || f.partGiven() }

func (f *policyFlags) partGiven() bool {
	for _, name := range policyNames {
		if f.changed(name) {
			return true
		}
	}
	return len(f.clearPolicy) > 0
}

// policy returns what is there with what was named: the whole from a file, or each part by its flag.
func (f *policyFlags) policy(stdin io.Reader, p api.Policy) (api.Policy, error) {
	if f.changed("policy") {
		if f.partGiven() {
			return p, misused("--policy stands beside flags of the policy", "the file is the whole policy: write them into it")
		}
		var whole api.Policy
		return whole, readJSONFor(f.policyFile, stdin, &whole, policyExample)
	}
	cleared, err := clearedOf(f.clearPolicy, policyNames, f.changed)
	if err != nil {
		return p, err
	}
	change := func(name string) bool { return f.changed(name) || cleared[name] }
	put(&p.MaxLife, change("max-life"), api.Duration(f.maxLife))
	put(&p.RequireOwner, change("require-owner"), f.requireOwner)
	put(&p.AllowedScopes, change("allowed-scope"), f.allowedScopes)
	put(&p.PublishableScopes, change("publishable-scope"), f.publishableScopes)
	put(&p.DefaultFormat, change("default-format"), f.defaultFormat)
	put(&p.KeyLimits, change("key-limit"), f.keyLimits)
	put(&p.OwnerLimits, change("owner-limit"), f.ownerLimits)
	put(&p.Limits, change("keyspace-limit"), f.spaceLimits)
	put(&p.MaxGrace, change("max-grace"), api.Duration(f.maxGrace))
	put(&p.Pepper, change("pepper"), f.pepper)
	put(&p.Roles, cleared["role"], nil)
	p.Roles = f.roles.over(p.Roles)
	put(&p.RoutesDefault, change("routes-default"), f.routesDefault)
	put(&p.Routes, change("routes"), nil)
	if f.changed("routes") {
		if err := readJSONFor(f.routesFile, stdin, &p.Routes, routesExample); err != nil {
			return p, err
		}
	}
	if p.Exchange, err = f.exchange(p.Exchange, change, cleared["exchange-life"]); err != nil {
		return p, err
	}
	p.Leaks = f.leaks(p.Leaks, change, cleared["leak-policy"])
	p.Rotation, err = f.rotation(p.Rotation, change, cleared["rotate-every"])
	return p, err
}

const routesExample = `for example [{"method":"GET","path":"/v1/invoices","scopes":["invoices:read"]},{"path":"/v1/invoices","scopes":["invoices:write"]}]`

const policyExample = `for example {"max_life":"8760h","roles":{"reader":["invoices:read"]}}`

// rotation returns how keys are rotated from now on.
func (f *policyFlags) rotation(was *api.Rotation, change func(string) bool, ends bool) (*api.Rotation, error) {
	if ends {
		return nil, nil
	}
	var r api.Rotation
	if was != nil {
		r = *was
	}
	given := false
	for _, part := range []struct {
		name string
		to   *api.Duration
		d    time.Duration
	}{{"rotate-every", &r.Every, f.rotateEvery}, {"rotate-warn", &r.Warn, f.rotateWarn}, {"rotate-grace", &r.Grace, f.rotateGrace}, {"rotate-idle", &r.Idle, f.rotateIdle}} {
		put(part.to, change(part.name), api.Duration(part.d))
		given = given || change(part.name)
	}
	switch {
	case !given:
		return was, nil
	case r.Every == 0:
		return nil, misused("a rotation has no --rotate-every", "say how often keys are to be rotated, such as --rotate-every 90d")
	}
	return &r, nil
}

// exchange returns how keys are exchanged from now on.
func (f *policyFlags) exchange(was *api.ExchangePolicy, change func(string) bool, ends bool) (*api.ExchangePolicy, error) {
	if ends {
		return nil, nil
	}
	var e api.ExchangePolicy
	if was != nil {
		e = *was
	}
	given := false
	for _, name := range []string{"exchange-life", "exchange-audience", "exchange-spend", "exchange-algorithm"} {
		given = given || change(name)
	}
	put(&e.Life, change("exchange-life"), api.Duration(f.exchangeLife))
	put(&e.Audience, change("exchange-audience"), f.exchangeAudience)
	put(&e.Spend, change("exchange-spend"), f.exchangeSpend)
	put(&e.Algorithm, change("exchange-algorithm"), f.exchangeAlgorithm)
	switch {
	case !given:
		return was, nil
	case e.Life == 0:
		return nil, misused("an exchange has no --exchange-life", "say how long tokens live, such as --exchange-life 5m")
	}
	return &e, nil
}

func put[T any](to *T, given bool, value T) {
	if given {
		*to = value
	}
}

// roleList is a flag that takes roles such as reader=invoices:read,users:read.
type roleList map[string][]string

func (l roleList) Type() string { return "role" }

func (l roleList) String() string { return "" }

func (l roleList) Set(s string) error {
	name, scopes, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return valueError("is not a role such as reader=invoices:read,users:read")
	}
	l[name] = nil
	if scopes != "" {
		l[name] = strings.Split(scopes, ",")
	}
	return nil
}

// over returns other roles with these instead of those of the same name; one without scopes ends.
func (l roleList) over(roles map[string][]string) map[string][]string {
	if len(l) == 0 {
		return roles
	}
	all := map[string][]string{}
	maps.Copy(all, roles)
	for name, scopes := range l {
		if all[name] = scopes; len(scopes) == 0 {
			delete(all, name)
		}
	}
	return all
}

// leaks returns what becomes of keys that are reported.
func (f *policyFlags) leaks(was *api.LeakPolicy, change func(string) bool, ends bool) *api.LeakPolicy {
	if ends {
		return nil
	}
	if !change("leak-policy") && !change("leak-delay") {
		return was
	}
	var l api.LeakPolicy
	if was != nil {
		l = *was
	}
	put(&l.Secret, change("leak-policy"), f.leakPolicy)
	if change("leak-policy") && l.Secret != "delay" {
		l.Delay = 0 // it was of the policy before
	}
	put(&l.Delay, change("leak-delay"), api.Duration(f.leakDelay))
	return &l
}
