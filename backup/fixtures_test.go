// SPDX-License-Identifier: Apache-2.0

package backup_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/backup"
	"github.com/keywright/keywright/store/sqlite"
)

var (
	ctx    = context.Background()
	moment = time.Date(2030, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	header = backup.Header{Program: "1.2.3", Created: moment}
)

func hashOf(s string) keywright.Hash { return keywright.HashText(s) }

func id(n byte) (id keywright.KeyID) {
	for i := range id {
		id[i] = n
	}
	return id
}

// everything is one value of each kind, with no field that is zero.
func everything(t testing.TB) []any {
	t.Helper()
	format, err := keywright.Preset(keywright.DefaultPreset)
	if err != nil {
		t.Fatal(err)
	}
	format.Name = "secret"
	limits := []authority.Limit{{Name: "burst", Limit: 10, Window: time.Minute, Burst: 5, Auto: true}}
	credits := &authority.Credits{Refill: &authority.Refill{Amount: 7, Every: time.Hour, Day: 3, Mode: authority.RefillAdd, Start: moment}}
	account := authority.AccountOf("acme", "ann")
	personal, err := authority.NewPersonal("owner", "ann", strings.NewReader("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	mark := &authority.Checkpoint{Sequence: 6, Hash: hashOf("6"), Time: moment, Signer: []byte("signer"), Signature: []byte("signature"), Pruned: true}
	event := &authority.Event{
		Time: moment, Actor: "test", Verb: "key.issue", Target: "key", Keyspace: "acme", Request: "req", Changes: []string{"a", "b"},
		Personal: []authority.Personal{personal},
	}
	event.Link(mark.Sequence+1, mark.Hash)
	return []any{
		&authority.Keyspace{
			Name: "acme", Formats: []keywright.Format{format}, Environments: []string{"live"}, Created: moment, Updated: moment, Version: 3,
			Policy: authority.Policy{
				MaxLife: time.Hour, RequireOwner: true, AllowedScopes: []string{"a:*"}, Roles: map[string][]string{"r": {"a:b"}}, DefaultFormat: "secret",
				PublishableScopes: []string{"a:b"}, KeyLimits: limits, OwnerLimits: limits, Limits: limits, MaxGrace: time.Hour, Pepper: "p",
				Rotation: &authority.Rotation{Every: 1, Warn: 2, Grace: 3, Idle: 4},
				Routes:   []authority.Route{{Method: "GET", Path: "/a", Scopes: []string{"a:b"}, ScopeExpr: "a:b", Cost: 2, Environment: "live"}}, RoutesDefault: authority.RoutesAllow,
				Exchange:    &authority.ExchangePolicy{Life: time.Minute, Audience: []string{"b"}, Spend: authority.SpendAllow, Algorithm: "EdDSA"},
				LimiterAway: authority.AwayRefuse, Leaks: &authority.LeakPolicy{Secret: authority.LeakDelay, Delay: time.Hour},
			},
		},
		&authority.Owner{Keyspace: "acme", ID: "ann", Limits: limits, Credits: credits, Created: moment, Updated: moment, Version: 2},
		&authority.Record{
			ID: id(1), Keyspace: "acme", Format: "secret", Environment: "live", Name: "n", Owner: "ann", Parent: id(2),
			Secrets: []authority.StoredSecret{{
				Hash: hashOf("s"), PublicID: "p", Created: moment, Expires: moment, Registered: true, Pepper: "p", Slow: "$2b$…", Grace: true, Idle: time.Hour,
			}},
			Scopes: []string{"a:b"}, Roles: []string{"r"}, Limits: limits, Credits: credits, Metadata: []byte(`{"a":"<&>"}`),
			Rules: authority.Rules{
				Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Origins: []string{"https://a.example"}, Methods: []string{"GET"},
				Paths: []string{"/a"}, Keyspaces: []string{"acme"}, Owner: "ann", Decoy: &authority.Decoy{Planted: "the wiki"},
			},
			NotBefore: moment, Expires: moment, Disabled: true, Revoked: moment, Reason: "why", Created: moment, Updated: moment, Version: 4,
		},
		&authority.Balance{Account: account, Keyspace: "acme", Owner: "ann", Remaining: 1 << 60, Refilled: moment, Next: moment},
		&authority.Entry{Sequence: 5, Account: account, Time: moment, Kind: authority.MoveSpend, Key: id(1), Amount: -3, Count: 2, Remaining: 9},
		&authority.Answer{ID: hashOf("a"), Request: hashOf("q"), Record: id(1), Created: moment, Expires: moment},
		&authority.Item{Kind: "pepper", Name: "p", Data: []byte("sealed"), Created: moment, Version: 1},
		mark,
		&authority.Usage{Keyspace: "acme", Key: id(1), Hour: moment, Code: keywright.Valid, Count: 3, Cost: 4},
		&authority.Use{Key: id(1), Hash: hashOf("s"), Time: moment, From: netip.MustParseAddr("192.0.2.1")},
		&authority.Meter{ID: [24]byte{1, 2, 3}, Full: moment.Add(1)},
		event,
	}
}

// zeros names the fields of a value that are zero, so that a new field is noticed.
func zeros(at string, v reflect.Value) (names []string) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]() || v.Type().PkgPath() == "net/netip":
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return zeros(at, v.Elem())
	case v.Kind() == reflect.Slice && v.Len() > 0:
		return zeros(at, v.Index(0))
	case v.Kind() == reflect.Struct && v.Type().PkgPath() != reflect.TypeFor[keywright.Format]().PkgPath():
		for i := range v.NumField() {
			names = append(names, zeros(at+"."+v.Type().Field(i).Name, v.Field(i))...)
		}
		return names
	}
	if v.IsZero() {
		return []string{at}
	}
	return nil
}

func dumpOf(values []any) func(func(any) error) error {
	return func(visit func(any) error) error {
		for _, v := range values {
			if err := visit(v); err != nil {
				return err
			}
		}
		return nil
	}
}

func archive(t testing.TB, values []any) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := backup.Write(&b, header, dumpOf(values)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(archive []byte) (values []any, err error) {
	r, err := backup.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	for {
		v, err := r.Next()
		if err == io.EOF {
			return values, nil
		}
		if err != nil {
			return values, err
		}
		values = append(values, v)
	}
}

func unpack(t testing.TB, archive []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pack(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

func memory(t testing.TB) *sqlite.Store {
	t.Helper()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

var admin = authority.Operator("test", authority.Origin{})

// open returns an authority whose time goes on by itself.
func open(t testing.TB, store authority.Store, change ...func(*authority.Options)) *authority.Authority {
	t.Helper()
	o := authority.Options{Store: store, Clock: time.Now, Random: rand.Reader}
	for _, f := range change {
		f(&o)
	}
	a, err := authority.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func issue(t testing.TB, a *authority.Authority, q authority.IssueRequest) authority.Issued {
	t.Helper()
	issued, err := a.Issue(ctx, admin, q)
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

// backUp backs a store up through its authority.
func backUp(t testing.TB, a *authority.Authority) []byte {
	t.Helper()
	dump, err := a.Backup(ctx, admin)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	_, err = backup.Write(&b, header, func(visit func(any) error) error { return dump(ctx, visit) })
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
