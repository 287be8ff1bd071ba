// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// TestDecode refuses what two readers could read differently.
func TestDecode(t *testing.T) {
	for body, field := range map[string]string{
		`{"name":7}`:         "name",
		`{"scopes":"a"}`:     "scopes",
		`{"scopes":["a",7]}`: "scopes[1]",
		`{"allowed_networks":["10.0.0.0/8","x"]}`: "allowed_networks[1]",
		`{"expires_at":"tomorrow"}`:               "expires_at",
		`{"expires_in":"1w"}`:                     "expires_in",
		`{"expires_in":30}`:                       "expires_in",
		`{"hash":"abc"}`:                          "hash",
		`{"Name":"x"}`:                            "",
		`{"name":"x","name":"y"}`:                 "",
		`{"metadata":{"a":{"b":1,"b":2}}}`:        "metadata",
		`{"name":"x"} {}`:                         "",
		`{"name":"x"`:                             "",
		`{"name":"x",}`:                           "",
		`{"more":1}`:                              "",
		`[]`:                                      "",
		`null`:                                    "",
		``:                                        "",
		"{\"name\":\"\xff\"}":                     "",
		`{"metadata":` + strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100) + `}`: "",
	} {
		var q api.IssueRequest
		if p := decode([]byte(body), &q); p == nil || p.Field != field {
			t.Errorf("%s: %+v, want field %q", body, p, field)
		}
	}
	var q api.IssueRequest
	if p := decode([]byte(` {"name":"x","metadata":{"a":[{"b":null}]},"scopes":null,"expires_in":"1d12h"} `), &q); p != nil || q.ExpiresIn.String() != "36h" {
		t.Errorf("%+v %+v", p, q)
	}
}

// FuzzDecode compares the strict decoder with encoding/json: what it takes, encoding/json reads alike.
func FuzzDecode(f *testing.F) {
	for _, seed := range fieldsOfRoutes {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var strict, loose api.IssueRequest
		p := decode(b, &strict)
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		err := d.Decode(&loose)
		if p != nil {
			if len(p.Detail) > 200 || p.Code != api.InvalidInput {
				t.Fatalf("problem %+v", p)
			}
			return
		}
		if err != nil || !reflect.DeepEqual(strict, loose) {
			t.Fatalf("encoding/json: %v, %+v; here %+v", err, loose, strict)
		}
	})
}

// FuzzAskDecoder compares the decoder of verifications with the strict one, which reads the same requests.
func FuzzAskDecoder(f *testing.F) {
	f.Add([]byte(fieldsOfRoutes["POST /v1/verify"]))
	f.Add([]byte(`{"key":"x","scopes":[],"explain":null,"client_ip":""}`))
	f.Add([]byte(`{"key":"x","cost":5,"limits":[{"name":"a","cost":2},null,{"name":"b","limit":10,"window":"1h","burst":3},{}]}`))
	f.Add([]byte(`{"key":"x","cost":-1,"limits":[{"name":"a","cost":0}]}`))
	f.Add([]byte(`{"key":"x","tags":["a=b",null],"scopes":["c"],"include":["d"]}`))
	f.Add([]byte(`{"key":"x","cost":01}`))
	f.Add([]byte(`{"key":"x","cost":1.5,"limits":[{"window":"1w"}]}`))
	f.Add([]byte(`{"key":"x","cost":9223372036854775808}`))
	f.Add([]byte(`{"key":"x","limits":[{"name":"a","name":"a"}]}`))
	f.Add([]byte(`{"key":"x","limits":[{"Name":"a"}]}`))
	f.Add([]byte(`{"key":"\u0041\n\ud83d\ude00\ud800","include":[null,"a"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d askDecoder
		p := d.decode(b)
		var q api.VerifyRequest
		want := decode(b, &q)
		if want == nil && q.Key == (api.Key{}) { // absent, or null
			want = invalid("key", "is missing", "")
		}
		if want == nil && freeOfCost(b) {
			want = invalid("cost", "is 0", "")
		}
		if (p == nil) != (want == nil) {
			t.Fatalf("%s: %v here, %v there", b, p, want)
		}
		if p != nil {
			return
		}
		ask := q.Ask()
		if !ask.Key.Equal(d.Key) {
			t.Fatal("keys differ")
		}
		ask.Key, d.Key = keywright.Secret{}, keywright.Secret{}
		normal(&ask)
		normal(&d.Ask)
		if !reflect.DeepEqual(ask, d.Ask) {
			t.Fatalf("%+v here, %+v there", d.Ask, ask)
		}
		for _, s := range append(append([]string{ask.Keyspace, ask.Path}, ask.Scopes...), ask.Include...) {
			if !utf8.ValidString(s) {
				t.Fatal("text is not UTF-8")
			}
		}
	})
}

// freeOfCost reports whether a request gives a cost of 0, which only the decoder of verifications can tell from none.
func freeOfCost(b []byte) bool {
	var q struct {
		Cost   *int64
		Limits []struct{ Cost *int64 }
	}
	if json.Unmarshal(b, &q) != nil {
		return false
	}
	for _, l := range q.Limits {
		if l.Cost != nil && *l.Cost == 0 {
			return true
		}
	}
	return q.Cost != nil && *q.Cost == 0
}

// normal makes empty lists alike.
func normal(a *keywright.Ask) {
	if len(a.Scopes) == 0 {
		a.Scopes = nil
	}
	if len(a.Include) == 0 {
		a.Include = nil
	}
	if len(a.Tags) == 0 {
		a.Tags = nil
	}
	if len(a.Limits) == 0 {
		a.Limits = nil
	}
}

// FuzzAppendVerdict compares what is written by hand with what encoding/json writes.
func FuzzAppendVerdict(f *testing.F) {
	f.Add("VALID", "acme", "live", "team \"7\"\\\x00\n\u2028\xff", "a b", int64(1e9), `{"a":1}`, int64(61_000_000_000), true)
	f.Add("NOT_FOUND", "", "", "", "", int64(0), "", int64(0), false)
	f.Add("RATE_LIMITED", "acme", "live", "", "a", int64(0), "", int64(-7), true)
	f.Fuzz(func(t *testing.T, code, keyspace, environment, owner, scopes string, expires int64, metadata string, limit int64, detail bool) {
		v := keywright.Verdict{
			Code: keywright.Code(code), Keyspace: keyspace, Environment: environment, Owner: owner,
			Scopes: strings.Fields(scopes), Missing: strings.Fields(owner),
		}
		if expires != 0 && expires > -1e10 && expires < 1e11 {
			v.ExpiresAt = unix(expires)
		}
		if limit != 0 {
			v.KeyID, v.Previous = keywright.KeyID{1}, detail
			v.Limit = keywright.LimitState{
				Name: "a" + owner, Of: "key", Limit: limit, Window: time.Duration(limit), Amount: limit &^ 1, Remaining: limit >> 1,
				Reset: time.Duration(limit >> 3), RetryAfter: time.Duration(limit % 5),
			}
		}
		if detail {
			v.Detail = &keywright.Detail{Name: owner, Checks: []keywright.Check{{Code: "A", OK: true}, {Code: "B", Reason: owner}}}
			if limit%2 == 0 {
				v.Credits, v.Limits = &limit, []keywright.LimitState{{Name: "b", Of: "owner"}, v.Limit, v.Limit}
			}
			if json.Valid([]byte(metadata)) {
				v.Metadata = []byte(metadata)
			}
		}
		want, err := json.Marshal(api.VerifyResponseOf(v, unix(expires&0xffff)))
		if err != nil {
			t.Fatal(err)
		}
		got := appendVerdict(nil, &v, unix(expires&0xffff))
		if bytes.ContainsAny(got, "\n\r") {
			t.Fatalf("more than one line: %q", got)
		}
		var a, b any
		if err := json.Unmarshal(got, &a); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		if err := json.Unmarshal(want, &b); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%s here, %s by encoding/json", got, want)
		}
	})
}

// FuzzBearer reads Authorization headers.
func FuzzBearer(f *testing.F) {
	f.Add("Bearer abc")
	f.Add("bEARER   abc ")
	f.Add("[earer abc")
	f.Fuzz(func(t *testing.T, value string) {
		token, ok := bearer([]string{value})
		if !ok {
			return
		}
		if !strings.EqualFold(value[:7], "bearer ") || strings.TrimLeft(value[7:], " ") != token || token == "" || len(token) > 1024 {
			t.Fatalf("%q from %q", token, value)
		}
		if _, twice := bearer([]string{value, value}); twice {
			t.Fatal("two headers were taken")
		}
	})
}

// FuzzLines reads streams: every line that is not empty comes once, in order, however it is cut.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\r\n\n c"), 3)
	f.Add(bytes.Repeat([]byte("x"), 70<<10), 60<<10)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		l := testLines(&slow{b, max(cut, 1)})
		var want [][]byte
		for _, text := range bytes.Split(b, []byte("\n")) {
			if text = bytes.TrimSpace(text); len(text) > 0 {
				want = append(want, text)
			}
		}
		for i := 0; ; i++ {
			line, ok := l.next()
			if !ok {
				if i != len(want) || l.err != nil {
					t.Fatalf("%d lines, want %d: %v", i, len(want), l.err)
				}
				return
			}
			if i == len(want) || line.problem == nil && !bytes.Equal(line.text, want[i]) || line.problem != nil && len(want[i]) <= maxLine-4 {
				t.Fatalf("line %d differs", i)
			}
		}
	})
}

// slow gives a few bytes at a time.
type slow struct {
	b []byte
	n int
}

func (s *slow) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.b[:min(s.n, len(s.b))])
	s.b = s.b[n:]
	return n, nil
}
