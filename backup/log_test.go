// SPDX-License-Identifier: Apache-2.0

package backup_test

import (
	"errors"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/backup"
)

func readLog(t testing.TB, path string) iter.Seq2[authority.Revocation, error] {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return backup.ReadLog(strings.NewReader(string(text)))
}

func entriesOf(t testing.TB, text string) (list []authority.Revocation, err error) {
	t.Helper()
	for entry, err := range backup.ReadLog(strings.NewReader(text)) {
		if err != nil {
			return list, err
		}
		list = append(list, entry)
	}
	return list, nil
}

var taken = []authority.Revocation{
	{Time: moment, Key: id(1), Version: 2, Kind: authority.KeyRevoked},
	{Time: moment, Key: id(2), Version: 3, Kind: authority.KeyDisabled},
	{Time: moment, Key: id(3), Version: 4, Kind: authority.SecretEnds, Hash: hashOf("s"), Ends: moment.Add(time.Hour), PublicID: "BRTRKFsL", Created: moment},
	{Time: moment, Version: 5, Kind: authority.RoleNarrowed, Keyspace: "acme", Role: "reader", Scopes: "a:b c:d"},
}

func openLog(t testing.TB, path string) *backup.Log {
	t.Helper()
	l, err := backup.OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestLogKeepsWhatWasAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := openLog(t, path)
	for i := range taken {
		if err := l.Append(ctx, taken[i:i+1]); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := entriesOf(t, string(text)); err != nil || !slices.Equal(got, taken[:i+1]) {
			t.Errorf("after %d: %+v, %v", i, got, err)
		}
	}
	if _, err := backup.OpenLog(path); !errors.Is(err, backup.ErrLogInUse) {
		t.Errorf("a second writer: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestATornLineOfTheLogIsPassedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := openLog(t, path)
	if err := l.Append(ctx, taken); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		n := strings.Count(string(whole[:cut]), "\n")
		if got, err := entriesOf(t, string(whole[:cut])); err != nil || len(got) != n {
			t.Fatalf("cut at %d: %d entries, %v", cut, len(got), err)
		}
		if cut%20 != 0 {
			continue
		}
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		l := openLog(t, path)
		if err := l.Append(ctx, taken[:1]); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := entriesOf(t, string(text)); err != nil || len(got) != n+1 || got[n] != taken[0] {
			t.Fatalf("appended behind a cut at %d: %d entries, %v", cut, len(got), err)
		}
	}
}

func TestALogThatIsNoneIsRefused(t *testing.T) {
	good := `{"time":"2030-01-02T03:04:05.678Z","key":"` + id(1).String() + `","version":2,"what":"revoked"}` + "\n"
	for name, text := range map[string]string{
		"text":             "hello\n",
		"a broken line":    good[:20] + "\n" + good,
		"an empty line":    "\n" + good,
		"no key":           strings.Replace(good, id(1).String(), "", 1),
		"no version":       strings.Replace(good, `"version":2`, `"version":0`, 1),
		"an unknown field": strings.Replace(good, `"time"`, `"other":1,"time"`, 1),
		"a long line":      strings.Repeat("x", 2_000_000) + "\n",
		"behind good ones": good + good + "x\n",
	} {
		list, err := entriesOf(t, text)
		if err == nil || strings.Contains(err.Error(), id(1).String()) {
			t.Errorf("%s: %+v, %v", name, list, err)
		}
	}
	if list, err := entriesOf(t, good); err != nil || len(list) != 1 || list[0] != taken[0] {
		t.Errorf("%+v, %v", list, err)
	}
	older := `{"time":"2030-01-02T03:04:05.678Z","key":"` + id(3).String() + `","version":4,"what":"secret_ended","hash":"` + hashOf("s").String() +
		`","ends":"2030-01-02T04:04:05.678Z"}` + "\n" // names neither public id nor creation
	list, err := entriesOf(t, older)
	want := taken[2]
	want.PublicID, want.Created = "", time.Time{}
	if err != nil || len(list) != 1 || list[0] != want {
		t.Errorf("a line of an older version: %+v, %v", list, err)
	}
	for _, notes := range []string{"my notes\n", "my notes", good + "my notes\n", good + "my notes"} {
		path := filepath.Join(t.TempDir(), "notes.txt")
		if err := os.WriteFile(path, []byte(notes), 0o600); err != nil {
			t.Fatal(err)
		}
		if l, err := backup.OpenLog(path); err == nil {
			_ = l.Close()
			t.Error("a file of something else is taken for a log")
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != notes {
			t.Errorf("it was written to: %q, %v", text, err)
		}
	}
}

func FuzzReadLog(f *testing.F) {
	f.Add(`{"time":"2030-01-02T03:04:05.678Z","key":"` + id(1).String() + `","version":2,"what":"revoked"}` + "\n")
	f.Add("{}\n{")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := entriesOf(t, text)
		if err != nil && len(err.Error()) > 100 {
			t.Fatalf("the error repeats what it read: %v", err)
		}
		if len(list) > strings.Count(text, "\n") {
			t.Fatalf("%d entries in %d lines", len(list), strings.Count(text, "\n"))
		}
	})
}
