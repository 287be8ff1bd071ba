// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// A Log is the revocation log of an authority (authority.RevocationLog) in a file that is only ever appended to, of mode
// 0600. It belongs on another disk than the store, or better on another machine. Each line is an object:
//
//	{"time":"2030-01-02T03:04:05.678Z","key":"key_0DF…","version":3,"what":"revoked"}
//	{"time":"…","key":"key_0DF…","version":4,"what":"secret_ended","hash":"9f2c…","ends":"…","public_id":"BRTRKFsL","created":"…"}
//	{"time":"…","version":5,"what":"role_narrowed","keyspace":"acme","role":"reader","scopes":"invoices:read"}
//
// A crash may leave a part of a line at the end. It was never acknowledged; readers pass over it.
type Log struct {
	mu   sync.Mutex
	lock *flock.Flock
	file *os.File
	size int64 // of the lines that are whole
}

// ErrLogInUse says that another process writes to a log.
var ErrLogInUse = errors.New("another process writes to this revocation log")

// logLine is an entry as it is written.
type logLine struct {
	Time    time.Time                `json:"time"`
	Key     keywright.KeyID          `json:"key,omitzero"`
	Version uint64                   `json:"version"`
	What    authority.RevocationKind `json:"what"`
	Hash    keywright.Hash           `json:"hash,omitzero"`
	Ends    time.Time                `json:"ends,omitzero"`

	PublicID string    `json:"public_id,omitempty"` // of the secret, as created
	Created  time.Time `json:"created,omitzero"`    // not in lines of older versions

	Keyspace string `json:"keyspace,omitempty"` // with role and scopes: in place of key
	Role     string `json:"role,omitempty"`
	Scopes   string `json:"scopes,omitempty"`
}

const maxLogLine = 1 << 20

// OpenLog opens a log, or makes an empty one. What a crash left at its end is cut off. One process at a time has it open: a
// file beside it, whose name ends in .lock, says so.
func OpenLog(path string) (*Log, error) {
	lock := flock.New(path+".lock", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !locked {
		return nil, ErrLogInUse
	}
	_, err = os.Lstat(path)
	made := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	l := &Log{lock: lock, file: file}
	if l.size, err = wholeLines(file); err == nil {
		err = file.Truncate(l.size)
	}
	if err == nil && made {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// wholeLines returns where the last line ends that is whole.
func wholeLines(file *os.File) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return 0, err
	}
	tail := make([]byte, min(size, maxLogLine))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil {
		return 0, err
	}
	end := bytes.LastIndexByte(tail, '\n') + 1
	if end == 0 && size > int64(len(tail)) {
		return 0, errors.New("the end of the file is no line of a revocation log")
	}
	if err := looksLikeLog(tail[:end], tail[end:]); err != nil {
		return 0, err
	}
	return size - int64(len(tail)) + int64(end), nil
}

// looksLikeLog refuses a file of something else before anything is cut off it: by its last whole line and by the rest.
func looksLikeLog(whole, rest []byte) error {
	lines := bytes.Split(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
	_, err := parseLog(lines[len(lines)-1])
	begin := []byte(`{"time":"`)
	n := min(len(begin), len(rest))
	if len(whole) > 0 && err != nil || !bytes.Equal(begin[:n], rest[:n]) {
		return errors.New("the file is no revocation log")
	}
	return nil
}

// Append writes entries; they are on the disk when it returns nil. After an error none of them counts as written.
func (l *Log) Append(_ context.Context, entries []authority.Revocation) error {
	var b []byte
	for _, e := range entries {
		text, err := json.Marshal(logLine{
			Time: e.Time.UTC(), Key: e.Key, Version: e.Version, What: e.Kind, Hash: e.Hash, Ends: e.Ends.UTC(),
			PublicID: e.PublicID, Created: e.Created.UTC(), Keyspace: e.Keyspace, Role: e.Role, Scopes: e.Scopes,
		})
		if err != nil {
			return err
		}
		b = append(append(b, text...), '\n')
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// Behind the last whole line: what an append that failed left there is written over.
	_, err := l.file.WriteAt(b, l.size)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		_ = l.file.Truncate(l.size) // so that no half line stays; where it does, readers pass over it
		return err
	}
	l.size += int64(len(b))
	return nil
}

// Close closes the file.
func (l *Log) Close() error { return errors.Join(l.file.Close(), l.lock.Unlock()) }

// ReadLog reads the entries of a log. A last line that is not whole was never acknowledged and is passed over; any other that
// cannot be read is an error.
func ReadLog(r io.Reader) iter.Seq2[authority.Revocation, error] {
	return func(yield func(authority.Revocation, error) bool) {
		in := bufio.NewReaderSize(r, maxLogLine)
		for n := 1; ; n++ {
			text, err := in.ReadSlice('\n')
			if errors.Is(err, io.EOF) {
				return
			}
			entry, parseErr := parseLog(bytes.TrimSuffix(text, []byte("\n")))
			switch {
			case err != nil && !errors.Is(err, bufio.ErrBufferFull):
				yield(entry, err)
				return
			case err != nil || parseErr != nil:
				yield(entry, fmt.Errorf("line %d is not one of a revocation log", n))
				return
			}
			if !yield(entry, nil) {
				return
			}
		}
	}
}

func parseLog(text []byte) (authority.Revocation, error) {
	var l logLine
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&l) != nil || d.InputOffset() != int64(len(text)) || l.Key.IsZero() != (l.What == authority.RoleNarrowed) || l.Version == 0 || l.What == "" {
		return authority.Revocation{}, errors.New("not a line of a revocation log") // an error of the decoder could repeat it
	}
	return authority.Revocation{
		Time: l.Time, Key: l.Key, Version: l.Version, Kind: l.What, Hash: l.Hash, Ends: l.Ends, PublicID: l.PublicID, Created: l.Created,
		Keyspace: l.Keyspace, Role: l.Role, Scopes: l.Scopes,
	}, nil
}

// syncFolder makes a new name in a folder survive a loss of power, where the system can.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
