// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// seed adds the cases of a kind of vector, and fails where there are none.
func seed(f *testing.F, kind string, add func(raw json.RawMessage)) {
	f.Helper()
	n := 0
	for _, file := range readVectors(f) {
		if file.Kind != kind {
			continue
		}
		for _, c := range file.Cases {
			add(c)
			n++
		}
	}
	if n == 0 {
		f.Fatalf("no vectors of kind %s to start from", kind)
	}
}

func TestEveryFuzzTargetHasSeeds(t *testing.T) {
	names, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	targets := 0
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			targets++
			seeded := false
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					id, ok := call.Fun.(*ast.Ident)
					seeded = seeded || ok && id.Name == "seed"
				}
				return true
			})
			if !seeded {
				t.Errorf("%s has no seeds", fn.Name.Name)
			}
		}
	}
	if targets == 0 {
		t.Error("no fuzz target was found")
	}
}

// parseErrors are all errors of Parse: fixed texts, so that none can hold a piece of a key.
var parseErrors = []error{errEmpty, errTooLong, errLength, errPrefix, errEnvironment, errID, errIDBytes, errSecret, errBytes, errTail, errSeparator, errText, errOpaque}

// FuzzParse: what parses writes itself back, and what does not says nothing of the key.
func FuzzParse(f *testing.F) {
	var formats []Format
	seed(f, "key", func(raw json.RawMessage) {
		var v keyVector
		decode(f, raw, &v)
		i := slices.Index(formats, v.Format)
		if i < 0 {
			i, formats = len(formats), append(formats, v.Format)
		}
		f.Add(uint16(i), []byte(v.text(f)))
	})
	f.Fuzz(func(t *testing.T, i uint16, data []byte) {
		format, text := &formats[int(i)%len(formats)], string(data)
		key, err := format.Parse(NewSecret(text))
		if err != nil {
			if !slices.Contains(parseErrors, err) {
				t.Fatalf("unknown error %v", err)
			}
			if why := format.Diagnose(NewSecret(text)); why == "" || len(text) > 20 && strings.Contains(why, text) {
				t.Fatalf("Diagnose says %q", why)
			}
			return
		}
		if got := reencode(key); got != key.Reveal() {
			t.Fatalf("%q is written again as %q", key.Reveal(), got)
		}
		crockford := format.ID.Encoding == Crockford || format.Secret.Encoding == Crockford || format.Checksum == Crockford4
		if key.Reveal() != text && (!crockford || len(key.Reveal()) != len(text)) {
			t.Fatalf("%q is kept as %q", text, key.Reveal())
		}
		again, err := format.Parse(key.Full())
		if again.text = key.text; err != nil || again != key {
			t.Fatalf("%q is read again as %+v, %v; before: %+v", key.Reveal(), again, err, key)
		}
	})
}

// FuzzInspect: every candidate reads the key, and shows nothing of its secret.
func FuzzInspect(f *testing.F) {
	seed(f, "key", func(raw json.RawMessage) {
		var v keyVector
		decode(f, raw, &v)
		f.Add([]byte(v.text(f)))
	})
	seed(f, "issuer", func(raw json.RawMessage) {
		var v issuerVector
		decode(f, raw, &v)
		f.Add([]byte(v.Key))
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := NewSecret(string(data))
		found := Inspect(s)
		for _, preset := range append(Presets(), Issuers()...) {
			c, err := InspectAs(s, preset)
			switch {
			case err == nil:
				found = append(found, c)
			case !errors.Is(err, ErrMalformed) || len(data) > 20 && strings.Contains(err.Error(), string(data)):
				t.Fatal(err)
			}
		}
		for _, c := range found {
			checkCandidate(t, s, c)
		}
	})
}

// checkCandidate holds a candidate against the key that it was found in.
func checkCandidate(t *testing.T, s Secret, c Candidate) {
	t.Helper()
	if f, err := c.Format.Normalize(); err != nil || f != c.Format {
		t.Fatalf("%q: the format of %+v is not normalized: %v", s.Reveal(), c, err)
	}
	k, err := c.Format.Parse(s)
	if c.Issuer != "" {
		checkIssued(t, s, c)
		return
	}
	if err != nil || k.Hash() != c.StorageHash || k.Checksum() != c.Checksum || k.PublicID() != c.PublicID {
		t.Fatalf("%q is not read as %+v: %v", s.Reveal(), c, err)
	}
	if c.Masked != k.Reveal()[:k.secret.from]+"***" {
		t.Fatalf("%q is masked as %s", s.Reveal(), c.Masked)
	}
	if secret := k.Secret().Reveal(); strings.Count(c.Masked, secret) >= strings.Count(k.Reveal(), secret) {
		t.Fatalf("%q is masked as %s", s.Reveal(), c.Masked)
	}
}

func FuzzParseHash(f *testing.F) {
	seed(f, "hash", func(raw json.RawMessage) {
		var v struct{ Text string }
		_ = json.Unmarshal(raw, &v)
		f.Add(v.Text)
	})
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHash(text)
		if err != nil {
			if err != errHash && err != errUnclear || !h.IsZero() {
				t.Fatal(err)
			}
			return
		}
		for _, form := range []string{h.String(), strings.ToUpper(h.String())} {
			if again, err := ParseHash(form); err != nil || again != h {
				t.Fatalf("%s gives %s, %v", form, again, err)
			}
		}
		if again, err := ParseHashAs(Base58, h.Base58()); err != nil || again != h {
			t.Fatalf("%s gives %s, %v", h.Base58(), again, err)
		}
	})
}

func FuzzParseKeyID(f *testing.F) {
	seed(f, "key_id", func(raw json.RawMessage) {
		var v struct{ Text string }
		_ = json.Unmarshal(raw, &v)
		f.Add(v.Text)
	})
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseKeyID(text)
		if err != nil {
			if err != errKeyID || !id.IsZero() {
				t.Fatal(err)
			}
			return
		}
		if id.String() != text {
			t.Fatalf("%q is written again as %q", text, id)
		}
	})
}

func FuzzScope(f *testing.F) {
	seed(f, "scope", func(raw json.RawMessage) {
		var v struct{ Pattern, Scope string }
		_ = json.Unmarshal(raw, &v)
		f.Add("*", v.Pattern, v.Scope)
	})
	seed(f, "inclusion", func(raw json.RawMessage) {
		var v struct {
			Granted []string
			Pattern string
		}
		_ = json.Unmarshal(raw, &v)
		for _, g := range v.Granted {
			f.Add(g, v.Pattern, strings.ReplaceAll(v.Pattern, "*", "a"))
		}
	})
	f.Fuzz(func(t *testing.T, wide, narrow, scope string) {
		matches := Matches(narrow, scope)
		if matches && CheckScope(scope) != nil {
			t.Fatalf("%q grants %q, which is no scope", narrow, scope)
		}
		if matches && reserved(scope) && narrow != scope {
			t.Fatalf("%q grants the reserved %q", narrow, scope)
		}
		if matches && !Includes([]string{narrow}, scope) {
			t.Fatalf("%q grants %q and does not include it", narrow, scope)
		}
		if Includes([]string{wide}, narrow) && matches && !Matches(wide, scope) {
			t.Fatalf("%q includes %q, which grants %q; but the first does not", wide, narrow, scope)
		}
	})
}

func FuzzScopeExpr(f *testing.F) {
	seed(f, "scope_expr", func(raw json.RawMessage) {
		var v struct{ Expr string }
		_ = json.Unmarshal(raw, &v)
		f.Add(v.Expr)
	})
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseScopeExpr(text)
		if err != nil {
			if len(text) > 20 && strings.Contains(err.Error(), text) {
				t.Fatalf("the error repeats the expression: %v", err)
			}
			return
		}
		ok, missing := e.Granted(nil)
		if ok || len(missing) == 0 {
			t.Fatalf("%q is granted by nothing", text)
		}
		for _, s := range missing {
			if CheckScope(s) != nil || !strings.Contains(text, s) {
				t.Fatalf("%q lacks %q", text, s)
			}
		}
		if ok, missing := e.Granted(missing); !ok || missing != nil {
			t.Fatalf("%q is not granted by all of its scopes: %q", text, missing)
		}
	})
}

func FuzzEnvironment(f *testing.F) {
	seed(f, "environment", func(raw json.RawMessage) {
		var v struct{ Label string }
		_ = json.Unmarshal(raw, &v)
		f.Add(v.Label)
	})
	f.Fuzz(func(t *testing.T, label string) {
		text, err := Environment(label)
		if err != nil {
			if _, ok := err.(*FormatError); !ok || text != "" {
				t.Fatal(text, err)
			}
			return
		}
		if again, err := Environment(text); err != nil || again != text || !alphanumeric(text) || len(text) > maxLabel {
			t.Fatalf("%q becomes %q, and that %q, %v", label, text, again, err)
		}
	})
}
