// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

// everyChange calls try with every change of one byte of text, and with a byte less and one more.
func everyChange(text string, try func(changed string)) {
	for i := range len(text) {
		for _, flip := range []byte{1, 0x20, 0x80} {
			b := []byte(text)
			b[i] ^= flip
			try(string(b))
		}
		try(text[:i] + text[i+1:])
	}
	for _, more := range []string{"0", "A", ".", " ", "\n", "="} {
		try(text + more)
		try(more + text)
	}
}

// TestAnyChangeIsSeen: what is signed verifies, and after a change of anything it does not.
func TestAnyChangeIsSeen(t *testing.T) {
	secret, shared := newKey(t)
	whole, half := newPair(t)
	const body = `{"a": 1}`
	for _, pair := range [][2]Key{{shared, shared}, {whole, whole}, {whole, half}} {
		h, err := Sign("msg_0aZ", noon, []byte(body), pair[0])
		if err != nil {
			t.Fatal(err)
		}
		v := Verifier{Keys: []Key{pair[1]}, Tolerance: 250 * 365 * 24 * time.Hour}
		if err := v.Verify(h, []byte(body), noon); err != nil {
			t.Fatal(err)
		}
		refused := func(what string, h Headers, body string) {
			if err := v.Verify(h, []byte(body), noon); !slices.Contains(reasons, err) {
				t.Errorf("%v with another %s: %v", pair[1], what, err)
			}
		}
		everyChange(h.ID, func(s string) { refused("id", Headers{s, h.Timestamp, h.Signature}, body) })
		everyChange(h.Timestamp, func(s string) { refused("timestamp", Headers{h.ID, s, h.Signature}, body) })
		everyChange(body, func(s string) { refused("body", h, s) })
		everyChange(h.Signature, func(s string) {
			if strings.TrimSpace(s) != h.Signature || strings.Contains(s, "\n") { // a space more separates
				refused("signature", Headers{h.ID, h.Timestamp, s}, body)
			}
		})
		refused("split between id and timestamp", Headers{h.ID + "." + h.Timestamp[:1], h.Timestamp[1:], h.Signature}, body)
		refused("split between timestamp and body", Headers{h.ID, h.Timestamp + ".", h.Signature}, body[1:])
	}
	h, err := Sign("msg_1", noon, []byte(body), shared)
	if err != nil {
		t.Fatal(err)
	}
	everyChange(strings.TrimPrefix(secret.Reveal(), "whsec_"), func(s string) {
		k, err := ParseKey(keywright.NewSecret("whsec_" + s))
		if err == nil {
			err = Verifier{Keys: []Key{k}}.Verify(h, []byte(body), noon)
		}
		if !slices.Contains(reasons, err) {
			t.Errorf("another secret verifies: %v", err)
		}
	})
}

// TestAnyChangeIsSeenByStripe is the same for Stripe's variant.
func TestAnyChangeIsSeenByStripe(t *testing.T) {
	const body = `{"a": 1}`
	secret, _ := newKey(t)
	v := StripeVerifier{Secrets: []keywright.Secret{secret}, Tolerance: 250 * 365 * 24 * time.Hour}
	sign := func(s keywright.Secret) string {
		h := hmac.New(sha256.New, []byte(s.Reveal()))
		fmt.Fprintf(h, "%d.%s", noon.Unix(), body)
		return fmt.Sprintf("t=%d,v1=%s", noon.Unix(), hex.EncodeToString(h.Sum(nil)))
	}
	header := sign(secret)
	if err := v.Verify(header, []byte(body), noon); err != nil {
		t.Fatal(err)
	}
	everyChange(body, func(s string) {
		if err := v.Verify(header, []byte(s), noon); err != ErrNoMatch {
			t.Errorf("another body: %v", err)
		}
	})
	everyChange(header, func(s string) {
		if err := v.Verify(s, []byte(body), noon); !strings.EqualFold(s, header) && !slices.Contains(reasons, err) {
			t.Errorf("%s for %s: %v", s, header, err)
		}
	})
	everyChange(secret.Reveal(), func(s string) {
		if err := v.Verify(sign(keywright.NewSecret(s)), []byte(body), noon); err != ErrNoMatch {
			t.Errorf("another secret: %v", err)
		}
	})
}

// TestRotation: whoever has one of the secrets can verify, and nobody else.
func TestRotation(t *testing.T) {
	_, older := newKey(t)
	_, newer := newKey(t)
	_, other := newKey(t)
	whole, half := newPair(t)
	h, err := Sign("msg_1", noon, nil, newer, older, whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		keys []Key
		want error
	}{
		{[]Key{newer}, nil},
		{[]Key{older}, nil},
		{[]Key{half}, nil},
		{[]Key{whole}, nil},
		{[]Key{other, older}, nil},
		{[]Key{other, half}, nil},
		{[]Key{other}, ErrNoMatch},
	} {
		if err := (Verifier{Keys: c.keys}).Verify(h, nil, noon); err != c.want {
			t.Errorf("%v: %v, want %v", c.keys, err, c.want)
		}
	}
}

func TestKeyCannotBePrinted(t *testing.T) {
	secret, k := newKey(t)
	whole, half := newPair(t)
	raw := strings.TrimPrefix(secret.Reveal(), "whsec_")
	b, err := base64.StdEncoding.DecodeString(raw)
	if err != nil {
		t.Fatal(err)
	}
	forms := []string{raw[:12], raw[12:24], hex.EncodeToString(b)[:12], string(b[:8]), strings.Trim(fmt.Sprint(b[:4]), "[]")}
	hidden := struct {
		k Key
		v Verifier
		s StripeVerifier
	}{k, Verifier{Keys: []Key{k, whole}}, StripeVerifier{Secrets: []keywright.Secret{secret}}}
	for name, v := range map[string]any{
		"key": k, "pointer": &k, "verifier": hidden.v, "stripe": hidden.s, "hidden": hidden, "pointer to hidden": &hidden, "map": map[Key]Key{k: k},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%c", "%b", "%o", "%t", "%p", "%e"} {
			noShow(t, name+" with "+verb, fmt.Sprintf(verb, v), forms)
		}
		noShow(t, name+" in JSON", encoded(v), forms)
	}
	for _, c := range []struct {
		k    Key
		want string
	}{{k, "whsec_[secret]"}, {whole, "whsk_[secret]"}, {half, "whpk_[secret]"}, {Key{}, "[secret]"}} {
		if got := fmt.Sprint(c.k); got != c.want {
			t.Errorf("prints as %s, want %s", got, c.want)
		}
	}
}

func noShow(t *testing.T, how, output string, forms []string) {
	t.Helper()
	for _, form := range forms {
		if strings.Contains(strings.ToLower(output), strings.ToLower(form)) {
			t.Errorf("%s shows the secret", how)
		}
	}
}
