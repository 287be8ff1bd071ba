// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"fmt"
	"time"
)

const (
	maxLimits  = 8
	maxUnits   = 1_000_000_000
	maxWindow  = 366 * 24 * time.Hour
	maxCredits = 1_000_000_000_000_000
)

// checkLimits refuses limits that cannot be kept.
func checkLimits(field string, limits []Limit) error {
	if len(limits) > maxLimits {
		return tooMany(field, maxLimits)
	}
	names := map[string]bool{}
	for i, l := range limits {
		at := fmt.Sprintf("%s[%d]", field, i)
		if err := checkLimit(at, l); err != nil {
			return err
		}
		if names[l.Name] {
			return invalid(at+".name", "is the name of two limits", "give each its own")
		}
		names[l.Name] = true
	}
	return nil
}

func checkLimit(field string, l Limit) error {
	switch {
	case !keyspaceName(l.Name):
		return invalid(field+".name", "is not a name of a limit", "use 1 to 64 lower-case letters, digits and -, such as requests")
	case l.Limit < 1 || l.Limit > maxUnits:
		return invalid(field+".limit", "is not between 1 and 1,000,000,000", "say how many units each window allows; to allow none, disable the key")
	case l.Window < time.Second || l.Window > maxWindow:
		return invalid(field+".window", "is not between 1s and 8784h", "use a duration such as 1m or 24h")
	case l.Burst < 0 || l.Burst > maxUnits:
		return invalid(field+".burst", "is not between 1 and 1,000,000,000", "leave it out to allow the whole limit at once")
	}
	return nil
}

// checkCredits refuses a refill that cannot be done.
func checkCredits(c *Credits) error {
	if c == nil || c.Refill == nil {
		return nil
	}
	const field = "credits.refill"
	r := c.Refill
	switch {
	case r.Amount < 1 || r.Amount > maxCredits:
		return invalid(field+".amount", "is not between 1 and 10^15", "say how many credits a refill brings")
	case (r.Every == 0) == (r.Day == 0):
		return invalid(field, "needs one of every and day", `use {"every":"24h"} or {"day":1}`)
	case r.Every != 0 && (r.Every < time.Minute || r.Every > maxWindow):
		return invalid(field+".every", "is not between 1m and 8784h", "use a duration such as 24h")
	case r.Day < 0 || r.Day > 28:
		return invalid(field+".day", "is not a day that every month has", "use 1 to 28")
	case r.Mode != RefillAdd && r.Mode != RefillReset:
		return invalid(field+".mode", "is not known", "use add or reset")
	}
	return nil
}

func checkBalance(field string, n int64) error {
	if n < 0 || n > maxCredits {
		return invalid(field, "is not between 0 and 10^15", "give whole credits")
	}
	return nil
}
