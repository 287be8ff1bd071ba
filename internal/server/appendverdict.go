// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// appendVerdict appends a verdict as an api.VerifyResponse of a time is encoded, on one line.
func appendVerdict(b []byte, v *keywright.Verdict, now time.Time) []byte {
	b = append(b, `{"valid":`...)
	if v.Valid() {
		b = append(b, `true,"code":`...)
	} else {
		b = append(b, `false,"code":`...)
	}
	b = appendString(b, string(v.Code))
	b = appendField(b, "key_id", v.KeyID.String())
	b = appendField(b, "public_id", v.PublicID)
	b = appendField(b, "keyspace", v.Keyspace)
	b = appendField(b, "format", v.Format)
	b = appendField(b, "environment", v.Environment)
	b = appendField(b, "owner", v.Owner)
	b = appendList(b, "scopes", v.Scopes)
	b = appendField(b, "secret", api.SecretOf(v))
	if !v.ExpiresAt.IsZero() {
		b = appendTime(b, "expires_at", v.ExpiresAt)
	}
	b = appendList(b, "missing_scopes", v.Missing)
	if v.Limit.Name != "" {
		b = appendLimits(b, v, now)
	}
	if v.Detail != nil {
		b = appendDetail(b, v.Detail)
	}
	return append(b, '}')
}

func appendDetail(b []byte, d *keywright.Detail) []byte {
	if d.Credits != nil {
		b = append(b, `,"credits_remaining":`...)
		b = strconv.AppendInt(b, *d.Credits, 10)
	}
	b = appendField(b, "name", d.Name)
	var line bytes.Buffer // metadata may be written over several
	if len(d.Metadata) > 0 && json.Compact(&line, d.Metadata) == nil {
		b = append(b, `,"metadata":`...)
		b = append(b, line.Bytes()...)
	}
	for i, c := range d.Checks {
		if i == 0 {
			b = append(b, `,"checks":[{"code":`...)
		} else {
			b = append(b, `,{"code":`...)
		}
		b = appendString(b, string(c.Code))
		b = append(b, `,"ok":`...)
		if c.OK {
			b = append(b, "true"...)
		} else {
			b = append(b, "false"...)
		}
		b = appendField(b, "reason", c.Reason)
		b = append(b, '}')
	}
	if len(d.Checks) > 0 {
		b = append(b, ']')
	}
	return b
}

// appendLimits appends what api.LimitsOf returns.
func appendLimits(b []byte, v *keywright.Verdict, now time.Time) []byte {
	b = append(b, `,"limits":[`...)
	b = appendLimit(b, &v.Limit, now)
	if v.Detail == nil {
		return append(b, ']')
	}
	first := true
	for i := range v.Limits {
		if first && v.Limits[i] == v.Limit {
			first = false
			continue
		}
		b = appendLimit(append(b, ','), &v.Limits[i], now)
	}
	return append(b, ']')
}

// appendLimit appends what api.LimitStateOf returns.
func appendLimit(b []byte, l *keywright.LimitState, now time.Time) []byte {
	b = append(b, `{"name":`...)
	b = appendString(b, l.Name)
	b = appendField(b, "of", l.Of)
	b = append(b, `,"limit":`...)
	b = strconv.AppendInt(b, l.Amount, 10)
	b = appendDuration(b, "window", l.Window)
	if l.Limit != l.Amount {
		b = append(b, `,"burst":`...)
		b = strconv.AppendInt(b, l.Limit, 10)
	}
	b = append(b, `,"remaining":`...)
	b = strconv.AppendInt(b, l.Remaining, 10)
	b = appendTime(b, "reset_at", api.ResetAt(l.Reset, now))
	if l.Reset > 0 {
		b = appendDuration(b, "reset_after", api.Wait(l.Reset))
	}
	if l.RetryAfter > 0 {
		b = appendDuration(b, "retry_after", api.Wait(l.RetryAfter))
	}
	if l.RetryAfter < 0 {
		b = append(b, `,"never":true`...)
	}
	return append(b, '}')
}

// appendTime appends a time behind others.
func appendTime(b []byte, name string, t time.Time) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':', '"')
	b = t.AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// appendDuration appends a duration behind others, as an api.Duration is written.
func appendDuration(b []byte, name string, d time.Duration) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':', '"')
	b = append(b, d.String()...)
	for _, zero := range []string{"m0s", "h0m"} {
		if bytes.HasSuffix(b, []byte(zero)) {
			b = b[:len(b)-2]
		}
	}
	return append(b, '"')
}

// appendField appends a field behind others, unless it is empty.
func appendField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	return appendString(b, value)
}

func appendList(b []byte, name string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':', '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

const hexDigits = "0123456789abcdef"

// plainBytes are those that stand for themselves in a string of JSON.
var plainBytes = func() (plain [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

func plain(s string) bool {
	for i := range len(s) {
		if !plainBytes[s[i]] {
			return false
		}
	}
	return true
}

// appendString appends s as JSON. What is not UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	if plain(s) {
		b = append(b, s...)
		return append(b, '"')
	}
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(b, s[from:i]...)
				b = append(b, "\ufffd"...)
				from = i + 1
			}
			i += size
			continue
		}
		if c < 0x20 || c == '"' || c == '\\' {
			b = append(b, s[from:i]...)
			if c < 0x20 {
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			} else {
				b = append(b, '\\', c)
			}
			from = i + 1
		}
		i++
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// appendProblemLine appends the answer to a line that could not be judged.
func appendProblemLine(b []byte, p *api.Problem) []byte {
	line, err := json.Marshal(api.VerifyLine{Problem: p})
	if err != nil {
		return append(b, `{}`...)
	}
	return append(b, line...)
}
