// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	maxScope      = 128
	maxScopeExpr  = 1024
	maxExprDepth  = 16
	reservedScope = "keywright"
)

var (
	errScope   = errors.New("not a scope: use segments of letters, digits, _ and - joined by : . or /, such as invoices:read")
	errPattern = errors.New("not a scope: use segments of letters, digits, _ and - or *, joined by : . or /, such as invoices:read or documents.*")
)

// CheckScope reports whether s can be asked for: segments of letters, digits, _ and -, joined by : . or /, at most
// 128 characters.
func CheckScope(s string) error {
	if !scopeSyntax(s, false) {
		return errScope
	}
	return nil
}

// CheckPattern reports whether s can be granted: a scope in which whole segments may be *.
func CheckPattern(s string) error {
	if !scopeSyntax(s, true) {
		return errPattern
	}
	return nil
}

func scopeSyntax(s string, pattern bool) bool {
	if len(s) > maxScope {
		return false
	}
	for more := true; more; {
		var segment string
		segment, _, s, more = cutSegment(s)
		if pattern && segment == "*" {
			continue
		}
		if segment == "" {
			return false
		}
		for i := range len(segment) {
			if c := segment[i]; members[c]&1 == 0 && c != '_' && c != '-' {
				return false
			}
		}
	}
	return true
}

// cutSegment splits at the first : . or /.
func cutSegment(s string) (segment string, sep byte, rest string, more bool) {
	for i := range len(s) {
		if c := s[i]; c == ':' || c == '.' || c == '/' {
			return s[:i], c, s[i+1:], true
		}
	}
	return s, 0, "", false
}

// Matches reports whether a granted pattern grants a scope. A * in the middle stands for one segment, a last * for
// one or more; separators are not interchangeable. Scopes that begin with keywright are granted by name alone, never
// by a wildcard. What CheckScope refuses is granted by nothing.
func Matches(pattern, scope string) bool { return scopeSyntax(scope, false) && matches(pattern, scope) }

func matches(pattern, scope string) bool {
	if pattern == scope {
		return true
	}
	if reserved(scope) || strings.IndexByte(pattern, '*') < 0 {
		return false
	}
	return covers(pattern, scope, false)
}

// covers compares segment by segment. With patterns, what is covered may hold a * itself: then each * of it must meet
// one that stands for at least as much.
func covers(pattern, scope string, patterns bool) bool {
	for {
		p, pSep, pRest, pMore := cutSegment(pattern)
		s, sSep, sRest, sMore := cutSegment(scope)
		switch {
		case p == "*" && !pMore:
			return true
		case patterns && s == "*" && (p != "*" || !sMore):
			return false // a last * stands for one or more segments: only a last * covers it
		case p != "*" && p != s:
			return false
		case pMore != sMore || pSep != sSep:
			return false
		case !pMore:
			return true
		}
		pattern, scope = pRest, sRest
	}
}

func reserved(scope string) bool {
	first, _, _, _ := cutSegment(scope)
	return first == reservedScope
}

// Grants reports whether one of the granted patterns grants scope.
func Grants(granted []string, scope string) bool {
	return scopeSyntax(scope, false) && slices.ContainsFunc(granted, func(p string) bool { return matches(p, scope) })
}

// MissingScopes returns those of asked that granted does not grant.
func MissingScopes(granted, asked []string) (missing []string) {
	for _, s := range asked {
		if !Grants(granted, s) {
			missing = append(missing, s)
		}
	}
	return missing
}

// Includes reports whether a pattern is within what is granted: whoever holds granted may give it to others.
func Includes(granted []string, pattern string) bool {
	return scopeSyntax(pattern, true) && slices.ContainsFunc(granted, func(g string) bool {
		return g == pattern || !reserved(pattern) && covers(g, pattern, true)
	})
}

// CommonScopes returns what both of two lists of patterns grant, as far as patterns of one of them say it: a pattern
// stays where the other list includes it. It never grants what one of the lists does not.
func CommonScopes(a, b []string) []string {
	var common []string
	for _, lists := range [2][2][]string{{a, b}, {b, a}} {
		for _, pattern := range lists[0] {
			if Includes(lists[1], pattern) && !slices.Contains(common, pattern) {
				common = append(common, pattern)
			}
		}
	}
	return common
}

// A ScopeExpr is a parsed expression over scopes.
type ScopeExpr struct {
	scope string // of a leaf
	any   bool   // OR rather than AND
	of    []ScopeExpr
}

// ParseScopeExpr reads scopes joined by AND and OR, with parentheses; AND binds closer. At most 1,024 characters and
// 16 levels.
func ParseScopeExpr(s string) (ScopeExpr, error) {
	if len(s) > maxScopeExpr {
		return ScopeExpr{}, fmt.Errorf("scope expression is longer than %d characters", maxScopeExpr)
	}
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(s))
	p := exprParser{words: words}
	e, err := p.parse(0)
	if err == nil && len(p.words) > 0 {
		err = errors.New("scope expression goes on after its end: join scopes by AND or OR")
	}
	return e, err
}

type exprParser struct{ words []string }

func (p *exprParser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

func (p *exprParser) take(word string) bool {
	if len(p.words) == 0 || p.words[0] != word {
		return false
	}
	p.words = p.words[1:]
	return true
}

// parse reads terms joined by OR.
func (p *exprParser) parse(depth int) (ScopeExpr, error) {
	if depth > maxExprDepth {
		return ScopeExpr{}, fmt.Errorf("scope expression is nested deeper than %d levels", maxExprDepth)
	}
	return p.joined("OR", func() (ScopeExpr, error) {
		return p.joined("AND", func() (ScopeExpr, error) { return p.operand(depth) })
	})
}

func (p *exprParser) joined(word string, part func() (ScopeExpr, error)) (ScopeExpr, error) {
	e := ScopeExpr{any: word == "OR"}
	for {
		of, err := part()
		if err != nil {
			return ScopeExpr{}, err
		}
		e.of = append(e.of, of)
		if !p.take(word) {
			break
		}
	}
	if len(e.of) == 1 {
		return e.of[0], nil
	}
	return e, nil
}

func (p *exprParser) operand(depth int) (ScopeExpr, error) {
	switch word := p.next(); word {
	case "", "AND", "OR", ")":
		return ScopeExpr{}, errors.New("scope expression lacks a scope: for example invoices:read AND (users:read OR users:write)")
	case "(":
		e, err := p.parse(depth + 1)
		if err == nil && !p.take(")") {
			err = errors.New("scope expression lacks a closing parenthesis")
		}
		return e, err
	default:
		return ScopeExpr{scope: word}, CheckScope(word)
	}
}

// Granted reports whether the granted patterns satisfy the expression, and else which scopes would do.
func (e ScopeExpr) Granted(granted []string) (ok bool, missing []string) {
	if e.of == nil {
		if Grants(granted, e.scope) {
			return true, nil
		}
		return false, []string{e.scope}
	}
	for _, part := range e.of {
		ok, lacks := part.Granted(granted)
		if ok && e.any {
			return true, nil
		}
		for _, s := range lacks {
			if !slices.Contains(missing, s) {
				missing = append(missing, s)
			}
		}
	}
	return len(missing) == 0, missing
}
