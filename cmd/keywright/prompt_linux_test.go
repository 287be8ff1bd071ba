// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/term"
)

const seamKey = "myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG"

// openTerminal returns the two ends of a pseudo terminal (pty(7)).
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	var number, unlocked uint32
	for request, argument := range map[uintptr]*uint32{syscall.TIOCSPTLCK: &unlocked, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, person.Fd(), request, uintptr(unsafe.Pointer(argument))); errno != 0 {
			t.Fatal(errno)
		}
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// readUntil reads what a person sees until it holds text.
func readUntil(t *testing.T, person *os.File, text string) string {
	t.Helper()
	var seen []byte
	for room := make([]byte, 1024); !bytes.Contains(seen, []byte(text)); {
		n, err := person.Read(room)
		if err != nil {
			t.Fatalf("after %q: %v", seen, err)
		}
		seen = append(seen, room[:n]...)
	}
	return string(seen)
}

func stateOf(t *testing.T, terminal *os.File) term.State {
	t.Helper()
	state, err := term.GetState(int(terminal.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return *state
}

// waitForSilence waits until the terminal is not as it was: the echo goes off after the question.
func waitForSilence(t *testing.T, terminal *os.File, before term.State) {
	t.Helper()
	for stateOf(t, terminal) == before {
		time.Sleep(time.Millisecond)
	}
}

// TestPrompt types a key as a person would: it is read, and never shown.
func TestPrompt(t *testing.T) {
	person, program := openTerminal(t)
	before := stateOf(t, program)
	var stdout bytes.Buffer
	codes := make(chan int)
	go func() {
		codes <- new(Program).Run(t.Context(), []string{"hash", "--preset", "seam"}, program, &stdout, program, nil)
		_, _ = program.WriteString("the end")
	}()
	seen := readUntil(t, person, "key: ")
	waitForSilence(t, program, before)
	if _, err := person.WriteString(seamKey + "\n"); err != nil {
		t.Fatal(err)
	}
	if code := <-codes; code != 0 || stdout.String() != "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37\n" {
		t.Errorf("exit code %d, %q", code, &stdout)
	}
	if seen += readUntil(t, person, "the end"); strings.Contains(seen, "51Fwq") {
		t.Errorf("the terminal shows the key: %q", seen)
	}
}

// TestPromptInterrupted gives up at the question: the terminal gets its echo back.
func TestPromptInterrupted(t *testing.T) {
	person, program := openTerminal(t)
	before := stateOf(t, program)
	ctx, interrupt := context.WithCancel(t.Context())
	codes := make(chan int)
	go func() {
		codes <- new(Program).Run(ctx, []string{"inspect"}, program, &bytes.Buffer{}, program, nil)
	}()
	readUntil(t, person, "key: ")
	waitForSilence(t, program, before)
	interrupt()
	if code := <-codes; code != 3 {
		t.Errorf("exit code %d", code)
	}
	if stateOf(t, program) != before {
		t.Error("the terminal was not left as it was")
	}
	_, _ = person.WriteString("\n") // lets the reader go
}

// TestFirstKeyIsShownOnce starts a server for others from a terminal: the person there sees the first service key, and
// it is kept nowhere.
func TestFirstKeyIsShownOnce(t *testing.T) {
	person, program := openTerminal(t)
	home, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	ctx, end := context.WithCancel(t.Context())
	codes := make(chan int)
	go func() {
		codes <- new(Program).Run(ctx, []string{"serve", "--data", data, "--listen", "0.0.0.0:0"}, program, &bytes.Buffer{}, program, []string{"HOME=" + home})
	}()
	seen := readUntil(t, person, "ready on http://0.0.0.0:")
	if !strings.Contains(seen, "first service key, with all scopes, shown once: keywright_") {
		t.Errorf("the terminal shows %q", seen)
	}
	end()
	if code := <-codes; code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, path := range []string{filepath.Join(data, adminKeyName), filepath.Join(home, ".config")} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was made", path)
		}
	}
}

// TestManyKeysAreAskedAbout shows how many keys it would be; only who says yes has it done.
func TestManyKeysAreAskedAbout(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		(overHTTP{w}).issue(t, fields{"owner": "team_7"})
	}
	env := []string{"KEYWRIGHT_URL=" + w.url, "KEYWRIGHT_SERVICE_KEY=" + w.service.Reveal(), "HOME=" + t.TempDir()}
	for _, c := range []struct {
		owner, answer string
		code          int
		says          string
		revoked       int
	}{
		{"team_7", "n\n", 1, "nothing was done", 0},
		{"team_7", "\n", 1, "nothing was done", 0},
		{"nobody", "", 0, "no keys: nothing to do", 0},
		{"team_7", "y\n", 0, "3 keys revoked", 3},
	} {
		person, program := openTerminal(t)
		codes := make(chan int)
		go func() {
			codes <- new(Program).Run(t.Context(), []string{"revoke", "--filter", "owner=" + c.owner}, program, &bytes.Buffer{}, program, env)
		}()
		if c.answer != "" {
			readUntil(t, person, "revoke 3 keys of the keyspace default? [y/N] ")
			_, _ = person.WriteString(c.answer)
		}
		readUntil(t, person, c.says)
		if code := <-codes; code != c.code {
			t.Errorf("%q: exit code %d", c.answer, code)
		}
		if n, _ := (overHTTP{w}).bulk(t, "revoke", "team_7", true); n != 3-c.revoked {
			t.Errorf("%q: %d keys are left", c.answer, n)
		}
	}
}
