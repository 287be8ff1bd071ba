// SPDX-License-Identifier: Apache-2.0

package rules_test

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"testing"
)

// liquid computes a template of Kingfisher: a capture, and filters of its documentation.
func liquid(t *testing.T, template string, capture func(string) string) string {
	t.Helper()
	inner, ok := strings.CutPrefix(template, "{{ ")
	inner, closed := strings.CutSuffix(inner, " }}")
	steps := strings.Split(inner, " | ")
	if !ok || !closed {
		t.Fatalf("no template: %s", template)
	}
	value := capture(steps[0])
	for _, step := range steps[1:] {
		name, argument, _ := strings.Cut(step, ": ")
		switch name {
		case "crc32":
			value = fmt.Sprint(crc32.ChecksumIEEE([]byte(value)))
		case "base62":
			n, _ := strconv.ParseUint(value, 10, 64)
			width, _ := strconv.Atoi(argument)
			value = ""
			for ; n > 0 || len(value) < width; n /= 62 {
				value = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[n%62:][:1] + value
			}
		case "sha256_b32":
			sum := sha256.Sum256([]byte(value))
			width, _ := strconv.Atoi(argument)
			value = base32.StdEncoding.EncodeToString(sum[:])[:width]
		case "replace":
			var from, to string
			if n, err := fmt.Sscanf(argument, "%q, %q", &from, &to); n != 2 || err != nil {
				t.Fatal(step, err)
			}
			value = strings.ReplaceAll(value, from, to)
		case "upcase":
			value = strings.ToUpper(value)
		default:
			t.Fatalf("no filter of Kingfisher: %s", step)
		}
	}
	return value
}

// TestLiquid holds the reading of templates against vectors of Kingfisher's own tests.
func TestLiquid(t *testing.T) {
	hello := func(string) string { return "hello" }
	for template, want := range map[string]string{
		"{{ body | crc32 }}": "907060870", "{{ body | crc32 | base62: 6 }}": "0zNvy2", "{{ body | sha256_b32: 8 }}": "FTZE3OS7",
	} {
		if got := liquid(t, template, hello); got != want {
			t.Errorf("%s is %s, want %s", template, got, want)
		}
	}
}
