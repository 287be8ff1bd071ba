// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Claims are what a signed key says of itself.
type Claims struct {
	User        string    // user_id, not empty
	Permissions []string  // in the order of the key; none is an empty list
	CreatedAt   time.Time // in UTC, in whole microseconds; years 1 to 9999
	KeyID       string    // key_id, not empty
}

var (
	errNotObject  = fmt.Errorf("%w: the payload is not one JSON object", ErrMalformed)
	errNotUTF8    = fmt.Errorf("%w: the payload is not UTF-8", ErrMalformed)
	errString     = fmt.Errorf("%w: the payload has something else where a string should be, or one that does not end", ErrMalformed)
	errEscape     = fmt.Errorf("%w: the payload has an escape that JSON has not", ErrMalformed)
	errControl    = fmt.Errorf("%w: the payload has a control character in a string", ErrMalformed)
	errSurrogate  = fmt.Errorf("%w: the payload has half of a surrogate pair", ErrMalformed)
	errList       = fmt.Errorf("%w: permissions is not a list of strings", ErrMalformed)
	errUnknown    = fmt.Errorf("%w: the payload has a name other than created_at, key_id, permissions and user_id", ErrMalformed)
	errTwice      = fmt.Errorf("%w: the payload has a name twice", ErrMalformed)
	errTrailing   = fmt.Errorf("%w: the payload goes on after its JSON object", ErrMalformed)
	errMissing    = fmt.Errorf("%w: the payload lacks one of created_at, key_id, permissions and user_id", ErrMalformed)
	errCreatedAt  = fmt.Errorf("%w: created_at is not written as 2026-01-15T12:00:00 or 2026-01-15T12:00:00.123456, in UTC and without a zone", ErrMalformed)
	errEmptyUser  = fmt.Errorf("%w: user_id is empty", ErrMalformed)
	errEmptyKeyID = fmt.Errorf("%w: key_id is empty", ErrMalformed)

	errNoUser    = fmt.Errorf("%w: the claims name no user", ErrUnusable)
	errNoKeyID   = fmt.Errorf("%w: the claims name no key id", ErrUnusable)
	errClaimText = fmt.Errorf("%w: a claim is not UTF-8", ErrUnusable)
	errYear      = fmt.Errorf("%w: created_at is not within the years 1 to 9999", ErrUnusable)
)

// JSON returns the claims as a signed key holds them: the bytes of Python's json.dumps with sort_keys, and of
// datetime.isoformat without a zone, which has no fraction where there are no microseconds.
//
// Errors wrap ErrUnusable.
func (c Claims) JSON() ([]byte, error) {
	created := c.CreatedAt.UTC().Truncate(time.Microsecond)
	switch {
	case c.User == "":
		return nil, errNoUser
	case c.KeyID == "":
		return nil, errNoKeyID
	case created.Year() < 1 || created.Year() > 9999:
		return nil, errYear
	case !utf8.ValidString(c.User) || !utf8.ValidString(c.KeyID) || !utf8.ValidString(strings.Join(c.Permissions, " ")):
		return nil, errClaimText
	}
	layout := isoSeconds
	if created.Nanosecond() != 0 {
		layout += ".000000"
	}
	b := make([]byte, 0, 256)
	b = append(b, `{"created_at": "`...)
	b = created.AppendFormat(b, layout)
	b = append(b, `", "key_id": `...)
	b = appendPython(b, c.KeyID)
	b = append(b, `, "permissions": [`...)
	for i, p := range c.Permissions {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendPython(b, p)
	}
	b = append(b, `], "user_id": `...)
	b = appendPython(b, c.User)
	return append(b, '}'), nil
}

// ParseClaims reads a payload as JSON returns it, and one that lacks created_at, key_id or permissions: these stay
// empty, and Sign fills them in. Each name stands once and as it is written here; any other name is an error.
//
// Errors wrap ErrMalformed.
func ParseClaims(payload []byte) (Claims, error) {
	c, found, err := parsePayload(string(payload))
	if err == nil && found&claimUser == 0 {
		err = fmt.Errorf("%w: the payload has no user_id", ErrMalformed)
	}
	if err != nil {
		return Claims{}, err
	}
	return c, nil
}

// The claims that a payload has.
const (
	claimCreatedAt = 1 << iota
	claimKeyID
	claimPermissions
	claimUser
	allClaims = claimCreatedAt | claimKeyID | claimPermissions | claimUser
)

func claimNamed(name string) int {
	switch name {
	case "created_at":
		return claimCreatedAt
	case "key_id":
		return claimKeyID
	case "permissions":
		return claimPermissions
	case "user_id":
		return claimUser
	}
	return 0
}

// parsePayload reads one JSON object of claims and says which it has. A library would take names in any case and keep
// the last of two: who verifies and who reads the claims elsewhere could see different users.
func parsePayload(text string) (c Claims, found int, err error) {
	if !utf8.ValidString(text) {
		return Claims{}, 0, errNotUTF8
	}
	r := reader{text: text}
	if !r.take('{') {
		return Claims{}, 0, errNotObject
	}
	for more := !r.take('}'); more; {
		name, err := r.string()
		if err != nil {
			return Claims{}, 0, err
		}
		claim := claimNamed(name)
		switch {
		case claim == 0:
			return Claims{}, 0, errUnknown
		case found&claim != 0:
			return Claims{}, 0, errTwice
		case !r.take(':'):
			return Claims{}, 0, errNotObject
		}
		found |= claim
		if err := r.claim(&c, claim); err != nil {
			return Claims{}, 0, err
		}
		if more = r.take(','); !more && !r.take('}') {
			return Claims{}, 0, errNotObject
		}
	}
	if r.space(); r.at != len(text) {
		return Claims{}, 0, errTrailing
	}
	return c, found, nil
}

// claim reads the value of one claim.
func (r *reader) claim(c *Claims, claim int) (err error) {
	if claim == claimPermissions {
		c.Permissions, err = r.strings()
		return err
	}
	text, err := r.string()
	switch {
	case err != nil:
	case claim == claimCreatedAt:
		c.CreatedAt, err = parseISO(text)
	case claim == claimKeyID:
		if c.KeyID = text; text == "" {
			err = errEmptyKeyID
		}
	default:
		if c.User = text; text == "" {
			err = errEmptyUser
		}
	}
	return err
}
