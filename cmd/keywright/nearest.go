// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
)

// nearestHint names what was probably meant.
func nearestHint(name string, known []string, dashes string) string {
	slices.Sort(known)
	best, least := "", 4
	for _, k := range known {
		if d := distance(name, k); d < least || d == least && strings.HasPrefix(k, name) {
			best, least = k, d
		}
	}
	if best == "" || least > max(2, len(name)/3) {
		return "the help shows what there is: add --help"
	}
	return "did you mean " + dashes + best + "?"
}

// distance counts the edits between two words (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
