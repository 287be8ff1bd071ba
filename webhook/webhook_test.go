// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

// reasons are all errors of the package: fixed texts, so that none can hold a piece of what was given.
var reasons = []error{
	ErrNoSecret, ErrSecretText, ErrSecretSize, ErrKeyPair, ErrPublicKey, ErrMissingID, ErrMissingTimestamp, ErrMissingSignature,
	ErrRepeatedHeader, ErrHeaderSize, ErrID, ErrTimestamp, ErrTooOld, ErrTooNew, ErrVersion, ErrNoMatch, ErrStripeHeader,
}

var noon = time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)

func TestSignRefuses(t *testing.T) {
	_, k := newKey(t)
	many := slices.Repeat([]Key{k}, 100)
	for _, c := range []struct {
		id   string
		at   time.Time
		keys []Key
		want error
	}{
		{"msg_1", noon, nil, ErrNoSecret},
		{"msg_1", noon, []Key{{}}, ErrNoSecret},
		{"", noon, []Key{k}, ErrID},
		{"msg.1", noon, []Key{k}, ErrID},
		{"msg 1", noon, []Key{k}, ErrID},
		{strings.Repeat("m", MaxID+1), noon, []Key{k}, ErrHeaderSize},
		{"msg_1", time.Unix(-1, 0), []Key{k}, ErrTimestamp},
		{"msg_1", time.Time{}, []Key{k}, ErrTimestamp},
		{"msg_1", time.Unix(1e12, 0), []Key{k}, ErrTimestamp},
		{"msg_1", noon, many, ErrHeaderSize},
	} {
		if h, err := Sign(c.id, c.at, nil, c.keys...); err != c.want || h != (Headers{}) {
			t.Errorf("%q at %v with %d keys: %+v, %v", c.id, c.at, len(c.keys), h, err)
		}
	}
}

func TestNoKeysVerifyNothing(t *testing.T) {
	_, k := newKey(t)
	h, err := Sign("msg_1", noon, nil, k)
	if err != nil {
		t.Fatal(err)
	}
	for _, keys := range [][]Key{nil, {}, {{}}} {
		if err := (Verifier{Keys: keys}).Verify(h, nil, noon); err != ErrNoSecret {
			t.Errorf("%d keys: %v", len(keys), err)
		}
	}
	if err := (StripeVerifier{}).Verify("t=1,v1=00", nil, noon); err != ErrNoSecret {
		t.Error(err)
	}
}

// TestTolerance looks at the bounds, to the nanosecond, and at times that no Duration can tell apart.
func TestTolerance(t *testing.T) {
	_, k := newKey(t)
	h, err := Sign("msg_1", noon, nil, k)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tolerance time.Duration
		now       time.Time
		want      error
	}{
		{0, noon.Add(5 * time.Minute), nil},
		{0, noon.Add(5*time.Minute + 1), ErrTooOld},
		{0, noon.Add(-5 * time.Minute), nil},
		{0, noon.Add(-5*time.Minute - 1), ErrTooNew},
		{-1, noon.Add(5 * time.Minute), nil},
		{-1, noon.Add(5*time.Minute + 1), ErrTooOld},
		{time.Second, noon.Add(time.Second), nil},
		{time.Second, noon.Add(2 * time.Second), ErrTooOld},
		{time.Hour, noon.Add(-time.Hour - 1), ErrTooNew},
		{1<<63 - 1, noon.AddDate(5000, 0, 0), ErrTooOld},
		{time.Hour, noon.AddDate(-5000, 0, 0), ErrTooNew},
	} {
		if err := (Verifier{Keys: []Key{k}, Tolerance: c.tolerance}).Verify(h, nil, c.now); err != c.want {
			t.Errorf("tolerance %v at %v: %v, want %v", c.tolerance, c.now, err, c.want)
		}
	}
}

func TestReadHeaders(t *testing.T) {
	r := http.Header{}
	r.Set(HeaderID, "msg_1")
	r.Set(HeaderTimestamp, "1614265330")
	r.Set(HeaderSignature, "v1,x")
	r.Set("Content-Type", "application/json")
	if h, err := ReadHeaders(r); err != nil || h != (Headers{"msg_1", "1614265330", "v1,x"}) {
		t.Errorf("%+v, %v", h, err)
	}
	if h, err := ReadHeaders(nil); err != nil || h != (Headers{}) {
		t.Errorf("%+v, %v", h, err)
	}
	for _, name := range []string{HeaderID, HeaderTimestamp, HeaderSignature} {
		twice := r.Clone()
		twice.Add(name, "1")
		if h, err := ReadHeaders(twice); err != ErrRepeatedHeader || h != (Headers{}) {
			t.Errorf("%s twice: %+v, %v", name, h, err)
		}
		twice = r.Clone()
		twice[strings.ToUpper(name)] = []string{"1"}
		if h, err := ReadHeaders(twice); err != ErrRepeatedHeader || h != (Headers{}) {
			t.Errorf("%s in two cases: %+v, %v", name, h, err)
		}
	}
}

// TestRandomText gives text of every length to everything that reads: a reason, and nothing of the text.
func TestRandomText(t *testing.T) {
	secret, k := newKey(t)
	raw := make([]byte, 2000)
	for n := range len(raw) + 1 {
		_, _ = rand.Read(raw[:n])
		for _, text := range []string{string(raw[:n]), base64.StdEncoding.EncodeToString(raw)[:n], strings.Repeat("7", n)} {
			found := map[string]error{}
			for _, prefix := range []string{"", "whsec_", "whsk_", "whpk_"} {
				if _, err := ParseKey(keywright.NewSecret(prefix + text)); err != nil { // may well be a secret
					found[prefix] = err
				}
			}
			good := Headers{"msg_1", "1614265330", "v1,x"}
			for name, h := range map[string]Headers{
				"id": {text, good.Timestamp, good.Signature}, "timestamp": {good.ID, text, good.Signature},
				"signature": {good.ID, good.Timestamp, text}, "signature after v1": {good.ID, good.Timestamp, "v1," + text},
			} {
				found[name] = Verifier{Keys: []Key{k}}.Verify(h, nil, time.Unix(1614265330, 0))
			}
			found["stripe"] = StripeVerifier{Secrets: []keywright.Secret{secret}}.Verify(text, nil, noon)
			found["stripe after t"] = StripeVerifier{Secrets: []keywright.Secret{secret}}.Verify("t="+text+",v1="+text, nil, noon)
			for name, err := range found {
				if !slices.Contains(reasons, err) {
					t.Fatalf("%s, %d bytes: %v", name, n, err)
				}
			}
		}
	}
}

func TestReasonsDiffer(t *testing.T) {
	for i, a := range reasons {
		for _, b := range reasons[i+1:] {
			if a.Error() == b.Error() || errors.Is(a, b) {
				t.Errorf("%v twice", a)
			}
		}
	}
}
