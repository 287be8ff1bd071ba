// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"net/netip"
	"slices"

	"github.com/keywright/keywright"
)

// The scopes of service keys.
const (
	ScopeIssue          = "keys:issue"
	ScopeRead           = "keys:read"
	ScopeWrite          = "keys:write" // update, disable, enable
	ScopeRotate         = "keys:rotate"
	ScopeRevoke         = "keys:revoke"
	ScopeVerify         = "keys:verify"
	ScopeKeyspacesRead  = "keyspaces:read"
	ScopeKeyspacesWrite = "keyspaces:write"
	ScopeAudit          = "audit:read"
	ScopeAuditWrite     = "audit:write" // checkpoint, erase, prune
	ScopeBackup         = "backup:read"
	ScopeOwnersRead     = "owners:read"
	ScopeOwnersWrite    = "owners:write"
	ScopeUsage          = "usage:read"
	ScopeImport         = "keys:import"
	ScopeExport         = "keys:export"
	ScopeExportHashes   = "keys:export_hashes"
	ScopeMetrics        = "metrics:read"
	ScopeNodes          = "nodes:read"
	ScopeWebhooksRead   = "webhooks:read"
	ScopeWebhooksWrite  = "webhooks:write" // whoever has it can have events sent anywhere, and so sees them
	ScopeAdmin          = "admin:write"    // acts on the reserved keyspace, that is on service keys
)

// ServiceScopes lists the scopes that a service key can have.
var ServiceScopes = []string{
	ScopeIssue, ScopeRead, ScopeWrite, ScopeRotate, ScopeRevoke, ScopeVerify, ScopeImport, ScopeExport,
	ScopeExportHashes, ScopeKeyspacesRead, ScopeKeyspacesWrite,
	ScopeOwnersRead, ScopeOwnersWrite, ScopeUsage, ScopeAudit, ScopeAuditWrite, ScopeBackup, ScopeMetrics, ScopeNodes,
	ScopeWebhooksRead, ScopeWebhooksWrite, ScopeAdmin,
}

// Origin tells where a request came from, for the audit chain.
type Origin struct {
	Address netip.Addr
	Request string // the id of the request
}

// A Caller is who acts. It comes from Authenticate or Operator; never from the body of a request.
type Caller struct {
	actor     string          // a word, or empty:
	key       keywright.KeyID // of the service key
	scopes    []string
	keyspaces []string        // empty: all but the reserved one
	owner     string          // empty: all
	holder    keywright.KeyID // of a key that may have children: it may make them, and nothing else
	session   string          // the name of the session that stands for the service key; empty: the key itself was there
	origin    Origin
}

// Operator is a caller within this process, who may do everything: the program itself, or a person with access to
// the store.
func Operator(name string, from Origin) Caller {
	return Caller{actor: name, scopes: []string{"*"}, origin: from}
}

// Actor is how the audit chain names the caller.
func (c Caller) Actor() string {
	switch {
	case c.actor != "":
		return c.actor
	case !c.holder.IsZero():
		return c.holder.String()
	}
	return c.key.String()
}

// Scopes returns what the caller may do.
func (c Caller) Scopes() []string { return slices.Clone(c.scopes) }

// Authenticate returns the caller whose service key this is. An error of kind Unidentified means that it is none.
func (a *Authority) Authenticate(ctx context.Context, key keywright.Secret, from Origin) (Caller, error) {
	var v keywright.Verdict
	rules, err := a.judge(ctx, &keywright.Ask{Key: key, Keyspace: ReservedKeyspace, ClientIP: from.Address}, &v)
	if err != nil {
		return Caller{}, err
	}
	if !v.Valid() {
		return Caller{}, errNoService
	}
	c := Caller{key: v.KeyID, scopes: v.Scopes, origin: from}
	if rules != nil {
		c.keyspaces, c.owner = rules.Keyspaces, rules.Owner
	}
	return c, nil
}

// May reports, as an error of kind Denied, that the caller lacks a scope.
func (c Caller) May(scope string) error {
	if keywright.Grants(c.scopes, scope) {
		return nil
	}
	return denied("the caller lacks the scope "+scope, "use a service key that has it")
}

// may decides whether the caller may do something in a keyspace.
func (c Caller) may(scope, keyspace string) error {
	if keyspace == ReservedKeyspace {
		scope = ScopeAdmin
	}
	if err := c.May(scope); err != nil {
		return err
	}
	if !c.bound(keyspace) {
		return denied("the caller may not act on this keyspace", "use a service key that is bound to it, or to none")
	}
	return nil
}

// keyspace returns the keyspace that is meant where none is named: the one that the caller is bound to, or default.
func (c Caller) keyspace(named string) string {
	switch {
	case named != "":
		return named
	case len(c.keyspaces) == 1:
		return c.keyspaces[0]
	}
	return DefaultKeyspace
}

// bound reports whether a keyspace is within the caller's.
func (c Caller) bound(keyspace string) bool {
	return len(c.keyspaces) == 0 || slices.Contains(c.keyspaces, keyspace)
}

// mayRecord decides whether the caller may do something to a record. What is another owner's does not exist.
func (c Caller) mayRecord(scope string, r *Record) error {
	if err := c.may(scope, r.Keyspace); err != nil {
		return err
	}
	if c.owner != "" && r.Owner != c.owner {
		return errNoKey()
	}
	return nil
}

func errNoKey() error { return unknown("key", "ids begin with key_; list shows them") }
