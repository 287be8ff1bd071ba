// SPDX-License-Identifier: Apache-2.0

package signed

import "time"

// isoSeconds is what datetime.isoformat writes for a time without zone and microseconds.
const isoSeconds = "2006-01-02T15:04:05"

// parseISO reads a date and time without a zone, with no fraction or with one of 1 to 6 digits. Other shapes that
// Python takes (a day alone, weeks, no separators) were never written by it. It is read here because package time takes
// more shapes: an hour of one digit, a comma before the fraction.
func parseISO(s string) (time.Time, error) {
	if len(s) < len(isoSeconds) {
		return time.Time{}, errCreatedAt
	}
	for i := range len(isoSeconds) {
		digit := '0' <= s[i] && s[i] <= '9'
		if separator := isoSeconds[i]; (separator < '0' || separator > '9') != !digit || !digit && s[i] != separator {
			return time.Time{}, errCreatedAt
		}
	}
	micros, ok := parseFraction(s[len(isoSeconds):])
	year, month, day := number(s[:4]), number(s[5:7]), number(s[8:10])
	hour, minute, second := number(s[11:13]), number(s[14:16]), number(s[17:19])
	t := time.Date(year, time.Month(month), day, hour, minute, second, micros*1000, time.UTC)
	switch {
	case !ok || year < 1 || hour > 23 || minute > 59 || second > 59:
		return time.Time{}, errCreatedAt
	case int(t.Month()) != month || t.Day() != day: // 30 February became a day of March
		return time.Time{}, errCreatedAt
	}
	return t, nil
}

// parseFraction reads nothing, or a point and 1 to 6 digits, as microseconds.
func parseFraction(s string) (micros int, ok bool) {
	if s == "" {
		return 0, true
	}
	if len(s) < 2 || len(s) > 7 || s[0] != '.' {
		return 0, false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	micros = number(s[1:])
	for range 7 - len(s) {
		micros *= 10
	}
	return micros, true
}

// number reads digits.
func number(digits string) (n int) {
	for i := range len(digits) {
		n = 10*n + int(digits[i]-'0')
	}
	return n
}
