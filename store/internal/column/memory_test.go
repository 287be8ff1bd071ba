// SPDX-License-Identifier: Apache-2.0

package column

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func TestMemoryDecodesWhatWasWritten(t *testing.T) {
	want := authority.Record{
		ID: keywright.KeyID{1}, Scopes: []string{"a:read"}, Roles: []string{"admin"}, Credits: &authority.Credits{},
		Limits: []authority.Limit{{Name: "requests", Limit: 1, Window: time.Second}}, Rules: authority.Rules{Owner: "acme"},
	}
	scopes, err1 := List("scopes", want.Scopes)
	terms, err2 := Terms(&want)
	rules, err3 := Rules(want.Rules)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	remembering := NewMemory()
	for name, m := range map[string]*Memory{"none": {}, "remembering": &remembering} {
		for range 2 {
			got := authority.Record{ID: want.ID}
			if err := m.Decode(&got, scopes, terms, rules); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v (%v), want %+v", name, got, err, want)
			}
		}
		// A record that has nothing keeps nothing of the one whose place it takes.
		got := want
		if err := m.Decode(&got, "", "", ""); err != nil || !reflect.DeepEqual(got, authority.Record{ID: want.ID}) {
			t.Errorf("%s: nothing is read as %+v (%v)", name, got, err)
		}
	}
}

func TestMemoryShares(t *testing.T) {
	var a, b authority.Record
	m := NewMemory()
	if err := errors.Join(m.Decode(&a, `["a:read"]`, "", ""), m.Decode(&b, `["a:read"]`, "", "")); err != nil {
		t.Fatal(err)
	}
	if &a.Scopes[0] != &b.Scopes[0] {
		t.Error("a memory decodes the same text twice")
	}
	var none Memory
	if err := none.Decode(&b, `["a:read"]`, "", ""); err != nil || &a.Scopes[0] == &b.Scopes[0] {
		t.Errorf("without a memory records share their scopes (%v)", err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := NewMemory()
	for i := range 2*remembered + 1 {
		scope := "s" + strconv.Itoa(i)
		var r authority.Record
		if err := m.Decode(&r, `["`+scope+`"]`, "", ""); err != nil || len(r.Scopes) != 1 || r.Scopes[0] != scope {
			t.Fatalf("%v (%v), want %s", r.Scopes, err, scope)
		}
		if len(m.scopes) > remembered {
			t.Fatalf("%d texts are remembered", len(m.scopes))
		}
	}
}

func TestMemoryNamesWhatCannotBeRead(t *testing.T) {
	m := NewMemory()
	for part, texts := range map[string][3]string{
		"scopes": {`["secret`, "", ""}, "terms": {"", `{"roles":"secret"}`, ""}, "rules": {"", "", `"secret"`},
	} {
		for range 2 { // what cannot be read is not remembered as read
			r := authority.Record{ID: keywright.KeyID{1}}
			err := m.Decode(&r, texts[0], texts[1], texts[2])
			if err == nil || !strings.HasPrefix(err.Error(), "record "+r.ID.String()+": "+part+": ") || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v", part, err)
			}
		}
	}
}

func TestUnreadable(t *testing.T) {
	var u Unreadable
	if u.PassOver(nil) || u.Err() != nil {
		t.Fatalf("a record is passed over for no reason: %v", u.Err())
	}
	first := errors.New("first")
	if !u.PassOver(first) || u.Err() != first {
		t.Fatalf("one record: %v", u.Err())
	}
	if !u.PassOver(errors.New("second")) || !errors.Is(u.Err(), first) || !strings.HasPrefix(u.Err().Error(), "2 records") {
		t.Fatalf("two records: %v", u.Err())
	}
}
