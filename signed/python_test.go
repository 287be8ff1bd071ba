// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"bufio"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

// A message is a request to testdata/reference.py, or its answer.
type message struct {
	Do          string   `json:"do,omitempty"`
	Secret      string   `json:"secret,omitempty"`
	User        string   `json:"user,omitempty"`
	Permissions []string `json:"permissions"`
	KeyID       string   `json:"key_id,omitempty"`
	Seconds     int64    `json:"seconds,omitempty"`
	Micros      int      `json:"micros"`
	Scope       string   `json:"scope,omitempty"`
	Key         string   `json:"key,omitempty"`
	Error       string   `json:"error,omitempty"`
}

// python starts the other implementation, and returns how to ask it.
func python(t *testing.T) func(message) message {
	t.Helper()
	cmd := exec.Command("python3", "testdata/reference.py")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("this test needs Python 3: %v", err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	ask, answers := json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))
	return func(m message) (answer message) {
		t.Helper()
		if err := ask.Encode(m); err != nil {
			t.Fatal(err)
		}
		if err := answers.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

// anyText returns text of all kinds of characters.
func anyText(r *rand.Rand, atLeast int) string {
	var s []rune
	for range atLeast + r.IntN(12) {
		switch r.IntN(5) {
		case 0:
			s = append(s, rune(r.IntN(0x20)))
		case 1:
			s = append(s, rune(0x7f+r.IntN(0xd800-0x7f)))
		case 2:
			s = append(s, rune(0x10000+r.IntN(0x100000)))
		default:
			s = append(s, rune(0x20+r.IntN(0x5f)))
		}
	}
	return string(s)
}

// TestPythonAgrees makes keys here and there, and reads each on the other side.
func TestPythonAgrees(t *testing.T) {
	ask := python(t)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 500 {
		micros := []int{0, 1, 500000, 999999, r.IntN(1e6)}[r.IntN(5)]
		m := message{
			Do: "sign", Secret: anyText(r, 1) + "s", User: anyText(r, 1), KeyID: anyText(r, 1), Permissions: []string{},
			Seconds: r.Int64N(4e9), Micros: micros,
		}
		for range r.IntN(4) {
			m.Permissions = append(m.Permissions, anyText(r, 0))
		}
		created := time.Unix(m.Seconds, int64(micros)*1000).UTC()
		s := Signer{Secrets: []keywright.Secret{keywright.NewSecret(m.Secret)}}
		key, _, err := s.Sign(Claims{m.User, m.Permissions, created, m.KeyID}, created, nil)
		if err != nil {
			t.Fatal(err)
		}
		theirs := ask(m)
		if theirs.Key != key.Reveal() {
			t.Fatalf("key %d of %+v: Python makes\n%s, not\n%s", i, m, theirs.Key, key.Reveal())
		}
		c, err := s.Verify(keywright.NewSecret(theirs.Key), created)
		if err != nil || c.User != m.User || c.KeyID != m.KeyID || !slices.Equal(c.Permissions, m.Permissions) || !c.CreatedAt.Equal(created) {
			t.Fatalf("key %d: %+v %v", i, c, err)
		}
		read := ask(message{Do: "read", Secret: m.Secret, Key: key.Reveal()})
		if read.Error != "" || read.User != m.User || read.KeyID != m.KeyID || !slices.Equal(read.Permissions, m.Permissions) || read.Seconds != m.Seconds || read.Micros != micros {
			t.Fatalf("key %d: Python reads %+v", i, read)
		}
		derived, err := Derive(keywright.NewSecret(m.Secret), m.User)
		if there := ask(message{Do: "derive", Secret: m.Secret, Scope: m.User}); err != nil || there.Key != derived.Reveal() {
			t.Fatalf("derived key %d: %v", i, err)
		}
	}
}
