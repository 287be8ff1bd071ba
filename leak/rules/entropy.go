// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"math"

	"github.com/keywright/keywright"
)

const (
	entropySamples = 2000
	// The lower tail is longer than that of a normal distribution: of a million keys the lowest is six below the mean.
	entropySigmas = 8
)

// entropyFloor is the Shannon entropy, in bits per character of the whole key, that keys of a format are above. It is
// measured on keys, because that of a random text depends on its length, its alphabet and its labels.
func entropyFloor(f keywright.Format, environments []string) (float64, error) {
	m, err := newMaker(f, environments)
	if err != nil {
		return 0, err
	}
	var sum, squares float64
	for range entropySamples {
		k, err := m.key()
		if err != nil {
			return 0, err
		}
		h := shannon(k.Reveal())
		sum += h
		squares += h * h
	}
	mean := sum / entropySamples
	deviation := math.Sqrt(max(0, squares/entropySamples-mean*mean))
	return max(0, math.Floor(10*(mean-entropySigmas*deviation))/10), nil
}

// shannon is the entropy of a text's own characters, in bits per character, as scanners compute it.
func shannon(text string) float64 {
	var counts [256]int
	for i := range len(text) {
		counts[text[i]]++
	}
	var h float64
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(text))
			h -= p * math.Log2(p)
		}
	}
	return h
}
