// SPDX-License-Identifier: Apache-2.0

package client

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/signed"
)

func someID(t *testing.T) keywright.KeyID {
	t.Helper()
	id, err := keywright.NewKeyID(time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// What is dropped, because it is old or too much, is not forgotten: tokens from before it are refused.
func TestTakenIsBounded(t *testing.T) {
	now := time.Now()
	k := newTaken("acme")
	k.add(&api.RevocationList{Begins: true, From: 10, Cursor: "10-a"}, now)
	id := someID(t)
	k.add(&api.RevocationList{Revocations: []api.Taken{{Sequence: 20, Kind: api.TakenKey, KeyID: id}}, Cursor: "20-a"}, now)
	dead := func(sequence uint64, id string) bool {
		return k.from(&signed.Token{Sequence: sequence, KeyID: id}) != ""
	}
	if !dead(9, "key_other") || dead(10, "key_other") || !dead(19, id.String()) || dead(20, id.String()) {
		t.Error("before it is old")
	}
	k.add(&api.RevocationList{Cursor: "21-a"}, now.Add(takenKeeps+time.Second))
	if len(k.keys)+len(k.order) != 0 {
		t.Errorf("%d are kept", len(k.order))
	}
	if !dead(19, id.String()) || !dead(19, "key_other") || dead(20, id.String()) {
		t.Error("what was dropped was forgotten")
	}
	many := api.RevocationList{Cursor: "x"}
	for i := range takenMost + 10 {
		many.Revocations = append(many.Revocations, api.Taken{Sequence: 100 + uint64(i), Kind: api.TakenKey, KeyID: keywright.KeyID{1, byte(i), byte(i >> 8), byte(i >> 16)}})
	}
	k.add(&many, now)
	if len(k.keys) != takenMost || len(k.order) != takenMost || k.floor != 109 {
		t.Errorf("%d, floor %d", len(k.keys), k.floor)
	}
	k.add(&api.RevocationList{Begins: true, From: 5, Cursor: "5-b"}, now)
	if len(k.keys) != 0 || k.floor != 5 || k.cursor != "5-b" {
		t.Error("another history does not begin anew")
	}
}

// What a later server tells, and this program does not know, concerns everybody.
func TestTakenOfAnotherKind(t *testing.T) {
	for _, entry := range []api.Taken{{Sequence: 7, Kind: "owner"}, {Sequence: 7, Kind: api.TakenKey}, {Sequence: 7, Kind: api.TakenAll}, {Sequence: 7, Kind: api.TakenKeyspace}} {
		k := newTaken("acme")
		k.add(&api.RevocationList{Begins: true, Revocations: []api.Taken{entry}}, time.Now())
		if k.from(&signed.Token{Sequence: 6, KeyID: "key_x"}) == "" || k.from(&signed.Token{Sequence: 7, KeyID: "key_x"}) != "" {
			t.Errorf("%+v", entry)
		}
	}
}

// A clock that stands still while the machine is suspended makes nothing younger.
func TestSinceLooksAtBothClocks(t *testing.T) {
	now := time.Now()
	if got := since(now.Round(0).Add(-time.Hour), now); got < time.Hour {
		t.Error(got)
	}
	later := now.Add(time.Minute)
	if got := since(now, later); got != time.Minute {
		t.Error(got)
	}
}
