// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

// encoded is v in JSON and as a log shows it.
func encoded(v any) string {
	text, _ := json.Marshal(v)
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("", "v", v)
	return string(text) + b.String()
}

// seed adds the cases of the vectors, and fails where there are none.
func seed(f *testing.F, add func(v vector)) {
	f.Helper()
	n := 0
	for _, file := range readVectors(f) {
		for _, v := range file.Cases {
			add(v)
			n++
		}
	}
	if n == 0 {
		f.Fatal("no vectors to start from")
	}
}

// FuzzVerify: a message is refused with a reason, or is what the holder of the secret would have signed.
func FuzzVerify(f *testing.F) {
	seed(f, func(v vector) { f.Add(v.Secrets[0], v.ID, v.Timestamp, v.Signature, []byte(v.Body), v.Now) })
	f.Fuzz(func(t *testing.T, secret, id, timestamp, signature string, body []byte, seconds int64) {
		now, s := time.Unix(seconds, 0), keywright.NewSecret(secret)
		if err := (StripeVerifier{Secrets: []keywright.Secret{s}}).Verify(signature, body, now); err == nil {
			sent, _, _ := strings.Cut(signature[strings.Index(signature, "t=")+2:], ",")
			if want := fmt.Sprintf("%x", mac(s, append([]byte(sent+"."), body...))); !strings.Contains(strings.ToLower(signature), want) {
				t.Fatalf("%q is no signature of Stripe", signature)
			}
		} else if !slices.Contains(reasons, err) {
			t.Fatal(err)
		}
		k, err := ParseKey(s)
		if err != nil {
			return
		}
		h := Headers{id, timestamp, signature}
		if err := (Verifier{Keys: []Key{k}}).Verify(h, body, now); err != nil {
			if !slices.Contains(reasons, err) {
				t.Fatal(err)
			}
			return
		}
		if k.kind == public {
			return
		}
		sent, err := parseTimestamp(timestamp)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := Sign(id, sent, body, k)
		if err != nil || signed.Timestamp != timestamp || !slices.Contains(strings.Split(signature, " "), signed.Signature) {
			t.Fatalf("%+v verifies, and is signed as %+v, %v", h, signed, err)
		}
	})
}

// FuzzSecret: what is read is written again as it was, and what is not read gives a reason.
func FuzzSecret(f *testing.F) {
	seed(f, func(v vector) {
		for _, s := range v.Secrets {
			f.Add(s)
		}
	})
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseKey(keywright.NewSecret(text))
		if err != nil {
			if !slices.Contains(reasons, err) || k != (Key{}) {
				t.Fatal(k, err)
			}
			return
		}
		again := base64.StdEncoding.EncodeToString([]byte(k.bytes.Reveal()))
		if again != text && k.kind.prefix()+again != text {
			t.Fatalf("%q is written again as %q", text, again)
		}
		if k.kind == private && !strings.HasPrefix(k.PublicKey(), "whpk_") {
			t.Fatalf("%q has no public key", text)
		}
	})
}
