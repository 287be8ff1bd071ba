// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"slices"
	"strings"
)

// appendBase58 appends b as a number in base58; every leading zero byte is a leading 1 (draft-msporny-base58).
func appendBase58(dst, b []byte) []byte {
	from := len(dst)
	for _, c := range b {
		carry := int(c)
		for i := from; i < len(dst); i++ { // the lowest digit first
			carry += int(dst[i]) << 8
			dst[i], carry = byte(carry%58), carry/58
		}
		for ; carry > 0; carry /= 58 {
			dst = append(dst, byte(carry%58))
		}
	}
	for i := 0; i < len(b) && b[i] == 0; i++ {
		dst = append(dst, 0)
	}
	digits := dst[from:]
	slices.Reverse(digits)
	for i, d := range digits {
		digits[i] = alphabet58[d]
	}
	return dst
}

// base58Decode reads as many bytes as b has, at most 64, and reports whether s is those bytes in their one spelling.
func base58Decode(b []byte, s string) bool {
	if len(s) < len(b) || len(s) > 2*len(b) {
		return false
	}
	var room [maxSecretBytes / 4]uint32
	words := room[:(len(b)+3)/4] // the lowest first
	for i := range len(s) {
		digit := strings.IndexByte(alphabet58, s[i])
		if digit < 0 {
			return false
		}
		carry := uint64(digit)
		for j := range words {
			carry += uint64(words[j]) * 58
			words[j], carry = uint32(carry), carry>>32
		}
		if carry > 0 {
			return false
		}
	}
	for i := range b {
		b[len(b)-1-i] = byte(words[i/4] >> (8 * (i % 4)))
	}
	if spare := len(b) % 4; spare > 0 && words[len(words)-1]>>(8*spare) > 0 {
		return false
	}
	ones, zeros := 0, 0
	for ones < len(s) && s[ones] == '1' {
		ones++
	}
	for zeros < len(b) && b[zeros] == 0 {
		zeros++
	}
	return ones == zeros
}
