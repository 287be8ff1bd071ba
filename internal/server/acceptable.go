// SPDX-License-Identifier: Apache-2.0

package server

import (
	"mime"
	"net/http"
	"net/url"

	"github.com/keywright/keywright/api"
)

// acceptable refuses what a handler should not have to look at: a query that can be read in two ways, and bodies that are
// not JSON.
func acceptable(r *http.Request, row access) *api.Problem {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return invalid("", "the query cannot be read", "escape what is not a letter or digit")
	}
	for _, values := range query {
		if len(values) > 1 {
			return invalid("", "the query names a parameter twice", "name it once")
		}
	}
	if len(r.Header[api.HeaderIdempotencyKey]) > 1 {
		return invalid(api.HeaderIdempotencyKey, "stands twice", "give it once")
	}
	if row.media == nil || r.ContentLength == 0 {
		return nil
	}
	if !readable(r, row.media) {
		return errMedia(row.media)
	}
	return nil
}

// readable reports whether a body is of one of the media types, and not compressed. None at all is taken as the first.
func readable(r *http.Request, media []string) bool {
	if encoding := r.Header["Content-Encoding"]; len(encoding) > 0 && !(len(encoding) == 1 && encoding[0] == "identity") {
		return false
	}
	given := r.Header["Content-Type"]
	if len(given) == 0 || len(given) == 1 && given[0] == media[0] {
		return true
	}
	for _, m := range media {
		if mediaType(r) == m {
			return true
		}
	}
	return false
}

// mediaType returns the media type of a body without its parameters; one that cannot be read is none.
func mediaType(r *http.Request) string {
	given := r.Header["Content-Type"]
	if len(given) != 1 {
		return ""
	}
	media, _, err := mime.ParseMediaType(given[0])
	if err != nil {
		return ""
	}
	return media
}

func errMedia(media []string) *api.Problem {
	hint := "send " + media[0] + ", not compressed"
	if len(media) > 1 {
		hint = "send " + media[0] + " or " + media[1] + ", not compressed"
	}
	return api.NewProblem(api.UnsupportedMediaType, "Content-Type", "the body is not in a format that is read here", hint)
}
