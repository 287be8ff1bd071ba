// SPDX-License-Identifier: Apache-2.0

package backup_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/backup"
)

var update = flag.Bool("update", false, "write testdata/version1.backup anew; archives that users have must still be read")

const golden = "testdata/version1.backup"

// TestArchivesOfBeforeAreRead reads an archive that an earlier program wrote. A field that is renamed or taken away shows here.
func TestArchivesOfBeforeAreRead(t *testing.T) {
	want := everything(t)
	for _, v := range want {
		if names := zeros(reflect.TypeOf(v).Elem().Name(), reflect.ValueOf(v)); len(names) > 0 {
			t.Errorf("the fixture leaves out %v: fill them in, and write the archive anew with -update", names)
		}
	}
	if *update {
		if err := os.WriteFile(golden, archive(t, want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(old)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(), cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Error(diff)
	}
}

func TestSummary(t *testing.T) {
	s, err := backup.Check(bytes.NewReader(archive(t, everything(t))))
	if err != nil || s.Sequence != 7 || s.Counts["record"] != 1 || len(s.Counts) != 12 || s.Program != "1.2.3" || s.Version != 1 || s.Created.Nanosecond() != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestWriteKeepsTheOrderOfKinds(t *testing.T) {
	values := everything(t)
	values[0], values[1] = values[1], values[0]
	if _, err := backup.Write(new(bytes.Buffer), header, dumpOf(values)); err == nil {
		t.Error("an owner was written before a keyspace")
	}
	if _, err := backup.Write(new(bytes.Buffer), header, dumpOf([]any{"text"})); err == nil {
		t.Error("a text was written")
	}
}

// TestOnlyWholeArchivesAreRead harms an archive in every way, and looks that nothing of it is restored.
func TestOnlyWholeArchivesAreRead(t *testing.T) {
	whole := archive(t, everything(t))
	text := unpack(t, whole)
	lines := bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
	without := func(i int) []byte { return bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil) }
	swap := func(old, new string) []byte {
		if !bytes.Contains(text, []byte(old)) {
			t.Fatalf("the archive does not hold %s", old)
		}
		return pack(bytes.Replace(text, []byte(old), []byte(new), 1))
	}
	changed := bytes.Clone(whole)
	changed[len(changed)/2] ^= 0x10
	harmed := map[string]struct {
		archive []byte
		says    string
	}{
		"empty":                  {nil, "no backup"},
		"no gzip":                {text, "no backup"},
		"other gzip":             {pack([]byte("hello\n")), "not written as it should"},
		"other JSON":             {pack([]byte(`{"hello":{}}` + "\n")), "no backup"},
		"no header":              {pack(without(0)), "no backup"},
		"newer":                  {swap(`"version":1,"program"`, `"version":2,"program"`), "newer version"},
		"a header that is none":  {pack([]byte(`{"keywright_backup":{"version":"1"}}` + "\n")), "no backup"},
		"no end":                 {pack(without(len(lines) - 1)), "cut off"},
		"an end with less":       {swap(`"record":1`, `"record":2`), "as many values"},
		"another chain":          {swap(`"sequence":7`, `"sequence":8`), "does not end where"},
		"another sum":            {swap(`"sha256":"`, `"sha256":"00`), "not written as"},
		"changed":                {swap(`"why"`, `"WHY"`), "changed after"},
		"a broken chain":         {swap(`"Verb":"key.issue"`, `"Verb":"key.other"`), "audit chain is broken"},
		"a line missing":         {pack(without(3)), "changed after"},
		"a line twice":           {pack(bytes.Join([][]byte{text[:len(lines[0])], lines[1], text[len(lines[0]):]}, nil)), "something twice"},
		"not in order":           {pack(bytes.Join([][]byte{lines[0], lines[2], lines[1]}, nil)), "not in its place"},
		"an unknown kind":        {swap(`{"owner":`, `{"other":`), "kind that is not known"},
		"an unknown field":       {swap(`{"Keyspace":"acme","ID"`, `{"Other":1,"Keyspace":"acme","ID"`), "line 3 is not written"},
		"a null":                 {pack(append(bytes.Clone(lines[0]), "{\"owner\":null}\n"...)), "line 2 is not written"},
		"two values":             {pack(append(bytes.Clone(lines[0]), "{\"owner\":{},\"owner\":{}}\n"...)), "line 2 is not written"},
		"a line without an end":  {pack(text[:len(text)-1]), "cut off"},
		"too long a line":        {pack(append(bytes.Clone(lines[0]), `{"owner":{"ID":"`+strings.Repeat("x", backup.MaxLine)+"\"}}\n"...)), "longer than"},
		"more behind the end":    {pack(append(bytes.Clone(text), lines[1]...)), "behind its end"},
		"a second archive":       {append(bytes.Clone(whole), whole...), "behind its end"},
		"a byte behind":          {append(bytes.Clone(whole), 0), "behind its end"},
		"a bit changed":          {changed, ""},
		"a checksum changed":     {append(bytes.Clone(whole[:len(whole)-8]), 0, 0, 0, 0, 0, 0, 0, 0), "changed after"},
		"text that is not UTF-8": {swap(`"why"`, "\"\xff\""), "not written as"},
	}
	for i := range whole {
		if _, err := backup.Check(bytes.NewReader(whole[:i])); !errors.Is(err, backup.ErrArchive) {
			t.Errorf("cut at %d: got %v", i, err)
		}
	}
	for i := 0; i < len(whole); i += 100 {
		harmed[fmt.Sprint("cut at ", i)] = struct {
			archive []byte
			says    string
		}{whole[:i], ""}
	}
	for name, c := range harmed {
		store := memory(t)
		_, err := backup.Restore(ctx, store, bytes.NewReader(c.archive), moment)
		if !errors.Is(err, backup.ErrArchive) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: got %v, want an error that says %q", name, err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "acme") {
			t.Errorf("%s: the error repeats what the archive holds: %v", name, err)
		}
		page, err := store.List(ctx, authority.Query{})
		if err != nil || len(page.Records) > 0 {
			t.Errorf("%s: something was restored (%v)", name, err)
		}
	}
	if got := errors.Is(readError(harmed["newer"].archive), backup.ErrNewer); !got {
		t.Error("an archive of a newer version is not told as one")
	}
}

func readError(archive []byte) error {
	_, err := read(archive)
	return err
}

// FuzzReader: what is read writes itself back, and what is not says nothing of what it holds.
func FuzzReader(f *testing.F) {
	whole := unpack(f, archive(f, everything(f)))
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(`{"keywright_backup":{"version":1,"program":"","created":"2030-01-02T03:04:05Z"}}` + "\n"))
	f.Add(unpack(f, archive(f, nil)))
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := read(pack(text))
		if err != nil {
			if !errors.Is(err, backup.ErrArchive) || len(err.Error()) > 300 {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		again, err := read(archive(t, values))
		if err != nil || !reflect.DeepEqual(values, again) {
			t.Fatalf("what was read does not write itself back (%v)", err)
		}
	})
}

// TestMemoryIsFlat writes and reads an archive of many values, and looks how much is held at once.
func TestMemoryIsFlat(t *testing.T) {
	const values, most = 100_000, 16 << 20
	read, write := io.Pipe()
	go func() {
		_, err := backup.Write(write, header, func(visit func(any) error) error {
			owner := authority.Owner{Keyspace: "acme", Version: 1}
			for n := range values {
				owner.ID = fmt.Sprint(n, strings.Repeat("x", 200))
				if err := visit(&owner); err != nil {
					return err
				}
			}
			return nil
		})
		_ = write.CloseWithError(err)
	}()
	r, err := backup.NewReader(read)
	if err != nil {
		t.Fatal(err)
	}
	var begin, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&begin)
	for n := 0; ; n++ {
		_, err := r.Next()
		if err != nil {
			if n != values || err != io.EOF {
				t.Fatalf("%d values, %v", n, err)
			}
			return
		}
		if n%(values/4) == values/8 {
			runtime.GC()
			if runtime.ReadMemStats(&now); now.HeapAlloc > begin.HeapAlloc+most {
				t.Fatalf("after %d values %d bytes are held", n, now.HeapAlloc-begin.HeapAlloc)
			}
		}
	}
}
