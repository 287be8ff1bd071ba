// SPDX-License-Identifier: Apache-2.0

package column

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// TestTexts compares with what is in the stores of users: another text could not be read any more, or would be kept
// beside this one for the same value.
func TestTexts(t *testing.T) {
	limit := authority.Limit{Name: "requests", Limit: 100, Window: time.Minute, Auto: true}
	refill := &authority.Credits{Refill: &authority.Refill{Amount: 5, Day: 1, Mode: "reset"}}
	for _, c := range []struct {
		name  string
		write func() (string, error)
		want  string
	}{
		{"no list", func() (string, error) { return List("scopes", nil) }, ""},
		{"list", func() (string, error) { return List("scopes", []string{"a:read", "é"}) }, `["a:read","é"]`},
		{"no rules", func() (string, error) { return Rules(authority.Rules{}) }, ""},
		{"rules", func() (string, error) {
			return Rules(authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Owner: "acme"})
		}, `{"networks":["192.0.2.0/24"],"owner":"acme"}`},
		{"no terms", func() (string, error) { return Terms(&authority.Record{Scopes: []string{"a:read"}}) }, ""},
		{"roles", func() (string, error) { return Terms(&authority.Record{Roles: []string{"admin"}}) }, `{"roles":["admin"]}`},
		{"credits by hand", func() (string, error) { return Terms(&authority.Record{Credits: &authority.Credits{}}) }, `{"credits":{}}`},
		{
			"terms", func() (string, error) {
				return Terms(&authority.Record{Limits: []authority.Limit{limit}, Credits: refill})
			},
			`{"limits":[{"name":"requests","limit":100,"window":60000000000,"auto":true}],` +
				`"credits":{"refill":{"amount":5,"day":1,"mode":"reset","start":"0001-01-01T00:00:00Z"}}}`,
		},
		{"no limits", func() (string, error) { return Limits(nil) }, ""},
		{
			"limits", func() (string, error) { return Limits([]authority.Limit{limit}) },
			`[{"name":"requests","limit":100,"window":60000000000,"auto":true}]`,
		},
		{"no personal fields", func() (string, error) { return Personal(nil) }, ""},
		{"personal fields", func() (string, error) {
			return Personal([]authority.Personal{{Name: "address", Value: "192.0.2.1", Salt: []byte{1, 2, 3}, Commitment: keywright.HashText("c")}})
		}, `[{"name":"address","value":"192.0.2.1","salt":"AQID","commitment":"` + keywright.HashText("c").String() + `"}]`},
	} {
		if got, err := c.write(); err != nil || got != c.want {
			t.Errorf("%s: %s (%v), want %s", c.name, got, err, c.want)
		}
	}
}

// TestUnreadableTexts puts what would not be read back into each field that is checked.
func TestUnreadableTexts(t *testing.T) {
	for _, bad := range []string{"secret\x00", "secret\xff"} {
		one := []string{"good", bad}
		limits := []authority.Limit{{Name: "good"}, {Name: bad}}
		for field, write := range map[string]func() (string, error){
			"text":            func() (string, error) { return "", CheckText("text", bad) },
			"the second":      func() (string, error) { return "", CheckTexts("the first", "good", "the second", bad) },
			"scopes":          func() (string, error) { return List("scopes", one) },
			"rules origins":   func() (string, error) { return Rules(authority.Rules{Origins: one}) },
			"rules methods":   func() (string, error) { return Rules(authority.Rules{Methods: one}) },
			"rules paths":     func() (string, error) { return Rules(authority.Rules{Paths: one}) },
			"rules keyspaces": func() (string, error) { return Rules(authority.Rules{Keyspaces: one}) },
			"rules owner":     func() (string, error) { return Rules(authority.Rules{Owner: bad}) },
			"roles":           func() (string, error) { return Terms(&authority.Record{Roles: one}) },
			"limits in terms": func() (string, error) { return Terms(&authority.Record{Limits: limits}) },
			"limits":          func() (string, error) { return Limits(limits) },
			"personal name":   func() (string, error) { return Personal([]authority.Personal{{Name: bad}}) },
			"personal value":  func() (string, error) { return Personal([]authority.Personal{{Name: "good", Value: bad}}) },
		} {
			text, err := write()
			if !errors.Is(err, errText) || text != "" {
				t.Errorf("%s: %q is written, %v", field, text, err)
				continue
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: the error holds the text: %v", field, err)
			}
			if named, _, _ := strings.Cut(field, " "); named != "the" && !strings.HasPrefix(err.Error(), named) {
				t.Errorf("%s: the error does not name the field: %v", field, err)
			}
		}
	}
}

func TestErase(t *testing.T) {
	fields := []authority.Personal{
		{Name: "address", Value: "192.0.2.1", Salt: []byte{1}, Commitment: keywright.HashText("a")},
		{Name: "name", Value: "Ada", Salt: []byte{2}, Commitment: keywright.HashText("b")},
	}
	text, err := Personal(fields)
	if err != nil {
		t.Fatal(err)
	}
	fields[0].Value, fields[0].Salt = "", nil
	want, err := Personal(fields)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // what is erased can be erased again
		if text, err = Erase(text, []string{"address", "of another"}); err != nil || text != want {
			t.Fatalf("%s (%v), want %s", text, err, want)
		}
	}
	if text, err := Erase("", []string{"address"}); err != nil || text != "" {
		t.Errorf("no fields: %q, %v", text, err)
	}
	if text, err := Erase("{", []string{"address"}); err == nil {
		t.Errorf("what cannot be read became %q", text)
	}
}
