// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4/json"
)

var (
	errTokenJWE    = fmt.Errorf("%w: an encrypted token; ours are signed", ErrMalformed)
	errTokenParts  = fmt.Errorf("%w: not three parts with dots between them", ErrMalformed)
	errTokenHeader = fmt.Errorf("%w: the header is not a JSON object with alg, kid and typ alone", ErrMalformed)
	errTokenType   = fmt.Errorf("%w: the header's typ is not that of the tokens that are read here", ErrMalformed)
	errTokenAlg    = fmt.Errorf("%w: the header's alg is not EdDSA or ES256", ErrMalformed)
	errTokenKid    = fmt.Errorf("%w: the header names no kid", ErrMalformed)
)

// A joseHeader is all that a token's header may hold. Headers that name a key or where to get one (jwk, jku, x5c, x5u)
// would let a token bring its own; crit and cty are of other formats.
type joseHeader struct {
	Algorithm string
	KeyID     string
}

// tokenHeader reads the shape of a token of a type: three parts, each written in the one way that it can be, and the header.
func tokenHeader(text, typ string) (joseHeader, error) {
	if len(text) > MaxBytes {
		return joseHeader{}, errTooLong
	}
	switch strings.Count(text, ".") {
	case 2:
	case 4:
		return joseHeader{}, errTokenJWE
	default:
		return joseHeader{}, errTokenParts
	}
	var first []byte
	for i, part := range strings.Split(text, ".") {
		b, err := decode(part)
		if err != nil {
			return joseHeader{}, err
		}
		if i == 0 {
			first = b
		}
	}
	var names map[string]string
	if !utf8.Valid(first) || json.Unmarshal(first, &names) != nil {
		return joseHeader{}, errTokenHeader
	}
	for name := range names {
		if name != "alg" && name != "kid" && name != "typ" {
			return joseHeader{}, errTokenHeader
		}
	}
	h := joseHeader{names["alg"], names["kid"]}
	switch {
	case h.Algorithm != string(EdDSA) && h.Algorithm != string(ES256):
		return joseHeader{}, errTokenAlg
	case names["typ"] != typ:
		return joseHeader{}, errTokenType
	case h.KeyID == "":
		return joseHeader{}, errTokenKid
	}
	return h, nil
}
