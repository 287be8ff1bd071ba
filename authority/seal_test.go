// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"github.com/keywright/keywright/authority"
)

func TestSealedOpensAsItself(t *testing.T) {
	s := sealer(t, 1)
	sealed, err := s.Seal("pepper", "one", []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := s.Unseal("pepper", "one", sealed); err != nil || string(plain) != "plain" {
		t.Fatalf("%q, %v", plain, err)
	}
	if bytes.Contains(sealed, []byte("plain")) {
		t.Error("it is not sealed")
	}
	again, err := s.Seal("pepper", "one", []byte("plain"))
	if err != nil || bytes.Equal(sealed, again) {
		t.Errorf("sealed twice it is the same: the nonce repeats (%v)", err)
	}
}

func TestSealedOpensAsNothingElse(t *testing.T) {
	s := sealer(t, 1)
	sealed, err := s.Seal("pepper", "one", []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, s authority.Sealer, kind, name string, sealed []byte) {
		t.Helper()
		if plain, err := s.Unseal(kind, name, sealed); !errors.Is(err, authority.ErrSeal) || plain != nil {
			t.Errorf("%s: %q, %v", what, plain, err)
		}
	}
	refused("another root key", sealer(t, 2), "pepper", "one", sealed)
	refused("another kind", s, "checkpoint-key", "one", sealed)
	refused("another name", s, "pepper", "two", sealed)
	refused("a name moved into the kind", s, "peppero", "ne", sealed)
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		refused(fmt.Sprintf("byte %d changed", i), s, "pepper", "one", changed)
		refused(fmt.Sprintf("cut at %d", i), s, "pepper", "one", sealed[:i])
	}
}

func TestRootKeyIsWholeAndNotPrinted(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := authority.NewSealer(make([]byte, n), rand.Reader); err == nil {
			t.Errorf("a root key of %d bytes is taken", n)
		}
	}
	s := sealer(t, 'k')
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s)} {
		if text != "[root key]" {
			t.Errorf("it prints as %s", text)
		}
	}
}

func TestWithoutRootKeyNothingIsSealed(t *testing.T) {
	a, _ := over(t, memory(t), func(o *authority.Options) { o.Sealer = nil })
	_, err := a.Checkpoint(ctx, admin, authority.CheckpointRequest{})
	wantError(t, err, authority.Conflicting, "")
}

func TestSealedTellsWhatDoesNotOpen(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	if _, err := a.Checkpoint(ctx, admin, authority.CheckpointRequest{}); err != nil {
		t.Fatal(err)
	}
	if all, closed, err := a.Sealed(ctx); all != 1 || closed != 0 || err != nil {
		t.Errorf("%d sealed, %d closed, %v", all, closed, err)
	}
	other, _ := over(t, store, func(o *authority.Options) { o.Sealer = sealer(t, 2) })
	if all, closed, err := other.Sealed(ctx); all != 1 || closed != 1 || err != nil {
		t.Errorf("with another root key: %d sealed, %d closed, %v", all, closed, err)
	}
	_, err := other.Checkpoint(ctx, admin, authority.CheckpointRequest{})
	wantError(t, err, authority.Conflicting, "")
	if _, err := other.Checkpoint(ctx, admin, authority.CheckpointRequest{NewKey: true}); err != nil {
		t.Error(err)
	}
	if _, err := other.Checkpoint(ctx, admin, authority.CheckpointRequest{}); err != nil {
		t.Error("the new key does not stay:", err)
	}
}
