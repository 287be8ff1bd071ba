// SPDX-License-Identifier: Apache-2.0

package server

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
)

// hiddenTag stands in the log for a tag that may be a secret.
const hiddenTag = "[hidden]"

// loggedTags returns the tags of an ask as the log may have them. Who makes a key a tag by mistake finds it in no log.
func loggedTags(ask *keywright.Ask) []string {
	if len(ask.Tags) == 0 {
		return nil
	}
	tags := make([]string, len(ask.Tags))
	for i, tag := range ask.Tags {
		tags[i] = strings.Clone(tag) // the memory of the ask is used again
		if secretive(tag) || len(tag) >= 16 && strings.Contains(ask.Key.Reveal(), tag) {
			tags[i] = hiddenTag
		}
	}
	return tags
}

// secretive reports whether a tag holds a run that is long for a word or a number: 20 characters with letters and
// digits, or 32 of whatever kind. A UUID with its dashes holds none.
func secretive(tag string) bool {
	for run := range strings.FieldsFuncSeq(tag, func(r rune) bool { return strings.ContainsRune("_.:/=-", r) }) {
		digits := strings.ContainsAny(run, "0123456789")
		letters := strings.Trim(run, "0123456789") != ""
		if len(run) >= 32 || len(run) >= 20 && digits && letters {
			return true
		}
	}
	return false
}

// logTagged writes the event of a line of a batch that has tags.
func (s *Server) logTagged(r *http.Request, c *call, ask *keywright.Ask) {
	level := slog.LevelDebug
	if s.options.LogVerifications {
		level = slog.LevelInfo
	}
	if len(ask.Tags) == 0 || !s.log.Enabled(r.Context(), level) {
		return
	}
	s.log.LogAttrs(r.Context(), level, "verification",
		slog.String("request_id", c.id), slog.String("actor", c.caller.Actor()), slog.Any("tags", loggedTags(ask)))
}
