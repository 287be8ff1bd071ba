// SPDX-License-Identifier: Apache-2.0

package authority

import "time"

// due tells how many refills lie behind after and not behind now, the last of them, and the first behind now. All refills
// of a schedule lie at fixed moments, so they are found after any time without a server, and none comes twice.
func (r *Refill) due(after, now time.Time) (times int64, last, next time.Time) {
	if r.Day > 0 {
		return r.dueDays(after, now)
	}
	start, every := stored(r.Start), r.Every // as what is due next is kept: else it is due for a part of a millisecond, and is not
	n := periods(start, now, every)
	times = max(n-max(periods(start, after, every), 0), 0)
	n = max(n, 0)
	return times, start.Add(time.Duration(n) * every), start.Add(time.Duration(n+1) * every)
}

// periods counts whole periods from start to t, rounded down.
func periods(start, t time.Time, every time.Duration) int64 {
	d := t.Sub(start)
	n := int64(d / every)
	if d < 0 && d%every != 0 {
		n--
	}
	return n
}

// dueDays is due for a day of the month, at midnight UTC.
func (r *Refill) dueDays(after, now time.Time) (times int64, last, next time.Time) {
	n := months(now, r.Day)
	times = max(n-months(after, r.Day), 0)
	at := func(n int64) time.Time { return time.Date(0, time.Month(n+1), r.Day, 0, 0, 0, 0, time.UTC) }
	return times, at(n), at(n + 1)
}

// months numbers the last day of refill that is not behind t.
func months(t time.Time, day int) int64 {
	t = t.UTC()
	n := int64(t.Year())*12 + int64(t.Month()) - 1
	if t.Day() < day {
		n--
	}
	return n
}
