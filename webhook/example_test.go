// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/webhook"
)

// A receiver reads the body once, verifies those bytes, and parses them after that.
func ExampleVerifier() {
	secret := keywright.NewSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") // from a vault or a file
	key, err := webhook.ParseKey(secret)
	if err != nil {
		log.Fatal(err)
	}
	verifier := webhook.Verifier{Keys: []webhook.Key{key}}
	handler := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusBadRequest)
			return
		}
		headers, err := webhook.ReadHeaders(r.Header)
		if err == nil {
			err = verifier.Verify(headers, body, time.Now())
		}
		if err != nil {
			log.Print("webhook refused: ", err)
			http.Error(w, "not verified", http.StatusUnauthorized)
			return
		}
		// Look up headers.ID: a message that was done is answered and not done again.
		w.WriteHeader(http.StatusNoContent)
	}

	// The sender, for the sake of the example.
	body := []byte(`{"type":"invoice.paid"}`)
	headers, err := webhook.Sign("msg_1", time.Now(), body, key)
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hooks", bytes.NewReader(body))
	r.Header.Set(webhook.HeaderID, headers.ID)
	r.Header.Set(webhook.HeaderTimestamp, headers.Timestamp)
	r.Header.Set(webhook.HeaderSignature, headers.Signature)
	w := httptest.NewRecorder()
	handler(w, r)
	fmt.Println(w.Code)
	// Output: 204
}

func ExampleSign() {
	newer, err := webhook.ParseKey(keywright.NewSecret("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="))
	older, err2 := webhook.ParseKey(keywright.NewSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
	if err := errors.Join(err, err2); err != nil {
		log.Fatal(err)
	}
	sent := time.Unix(1614265330, 0) // time.Now()
	headers, err := webhook.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", sent, []byte(`{"test": 2432232314}`), newer, older)
	if err != nil {
		log.Fatal(err)
	}
	for signature := range strings.SplitSeq(headers.Signature, " ") {
		fmt.Println(signature)
	}
	// Output:
	// v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI=
	// v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
}

func ExampleStripeVerifier() {
	secret := keywright.NewSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") // as Stripe shows it
	stripe := webhook.StripeVerifier{Secrets: []keywright.Secret{secret}}
	header := "t=1614265330,v1=2e37df5d4a028c51a7f3133d64ae1e300d2c2c900f1b1d49d4369ad2530f8964"
	body := []byte(`{"test": 2432232314}`)
	err := stripe.Verify(header, body, time.Unix(1614265330, 0)) // r.Header.Get("Stripe-Signature"), time.Now()
	fmt.Println(err)
	// Output: <nil>
}

// TestGuideCode compares the Go lines of the guide with the examples that are compiled and run.
func TestGuideCode(t *testing.T) {
	guide, err := os.ReadFile("../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(guide), "```go\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the guide has no Go code")
	}
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		for line := range strings.Lines(code) {
			if line = strings.TrimSpace(line); line != "" && !strings.Contains(string(example), line) {
				t.Errorf("no example has: %s", line)
			}
		}
	}
}
