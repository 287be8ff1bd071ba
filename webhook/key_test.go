// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/keywright/keywright"
)

func newKey(t testing.TB) (keywright.Secret, Key) {
	t.Helper()
	s, err := NewSecret(0)
	if err != nil {
		t.Fatal(err)
	}
	return s, parse(t, s)
}

func newPair(t testing.TB) (whole, half Key) {
	t.Helper()
	s, p, err := NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, s), parse(t, keywright.NewSecret(p))
}

func parse(t testing.TB, s keywright.Secret) Key {
	t.Helper()
	k, err := ParseKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestNewSecret(t *testing.T) {
	for n := -1; n <= MaxSecretBytes+1; n++ {
		s, err := NewSecret(n)
		if n != 0 && (n < MinSecretBytes || n > MaxSecretBytes) {
			if err != ErrSecretSize || !s.IsZero() {
				t.Errorf("%d bytes: %v", n, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Reveal(), "whsec_"))
		want := n
		if n == 0 {
			want = DefaultSecretBytes
		}
		if err != nil || len(b) != want || !strings.HasPrefix(s.Reveal(), "whsec_") {
			t.Errorf("%d bytes were to be made: %d, %v", n, len(b), err)
		}
		parse(t, s)
	}
	one, _ := newKey(t)
	if other, _ := newKey(t); one.Equal(other) {
		t.Error("two secrets are the same")
	}
}

func TestKeyPair(t *testing.T) {
	whole, half := newPair(t)
	if whole.PublicKey() != half.PublicKey() || !strings.HasPrefix(half.PublicKey(), "whpk_") {
		t.Errorf("public keys: %s and %s", whole.PublicKey(), half.PublicKey())
	}
	if _, k := newKey(t); k.PublicKey() != "" || (Key{}).PublicKey() != "" {
		t.Error("a shared secret has a public key")
	}
	if _, err := Sign("msg_1", noon, nil, half); err != ErrPublicKey {
		t.Errorf("a public key signs: %v", err)
	}
}

func TestNewID(t *testing.T) {
	one, err := NewID()
	other, err2 := NewID()
	if err != nil || err2 != nil || one == other || len(one) != 31 || !strings.HasPrefix(one, "msg_") || checkID(one) != nil {
		t.Errorf("%s, %v; %s, %v", one, err, other, err2)
	}
}
