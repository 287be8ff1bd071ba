// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"fmt"
	"math"
)

// Strength puts the entropy of a secret in a word:
//
//	below 64 bits   weak         guessing must be slowed down (NIST SP 800-63B-4)
//	below 112 bits  fair         a plain hash does not suffice (NIST SP 800-63B-4)
//	below 128 bits  good         below what ASVS 5.0, 11.5.1 asks
//	below 256 bits  strong
//	from 256 bits   very strong
func Strength(bits float64) string {
	switch {
	case bits < 64:
		return "weak"
	case bits < 112:
		return "fair"
	case bits < MinSecretBits:
		return "good"
	case bits < 256:
		return "strong"
	}
	return "very strong"
}

// Collision estimates the chance that two secrets of a batch of n are alike: n(n-1)/2^(bits+1).
func Collision(n int, bits float64) float64 {
	if n < 2 {
		return 0
	}
	return math.Min(1, float64(n)*float64(n-1)*math.Exp2(-(bits+1)))
}

// CollisionText writes an estimate for people; what is below 1e-30 is said so.
func CollisionText(p float64) string {
	if p < 1e-30 {
		return "below 1e-30"
	}
	return fmt.Sprintf("%.2g", p)
}
