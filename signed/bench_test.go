// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"testing"

	"github.com/keywright/keywright"
)

func BenchmarkVerify(b *testing.B) {
	s := Signer{Secrets: secrets("a signing secret of as many bytes as it should have")}
	key, _, err := s.Sign(Claims{User: "user_123", Permissions: []string{"read", "write"}, KeyID: "0123456789abcdef"}, noon, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Verify(keywright.NewSecret(key.Reveal()), noon); err != nil {
			b.Fatal(err)
		}
	}
}
