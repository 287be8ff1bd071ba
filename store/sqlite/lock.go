// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// ErrInUse is wrapped by every *InUseError.
var ErrInUse = errors.New("the store is in use")

// An InUseError says who has the store open.
type InUseError struct {
	Path    string    // of the folder
	Holder  string    // as it described itself; empty if that cannot be read
	Process int       // its process id; 0 if that cannot be read
	Since   time.Time // when it opened the store
}

func (e *InUseError) Error() string {
	holder := "another process"
	if e.Process != 0 {
		holder = fmt.Sprintf("%s (process %d, since %s)", e.Holder, e.Process, e.Since.Format(time.RFC3339))
	}
	return fmt.Sprintf("the store in %s is in use by %s: ask that one, stop it first, or use another folder", e.Path, holder)
}

// Unwrap returns ErrInUse.
func (e *InUseError) Unwrap() error { return ErrInUse }

// A fileLock is the right to use a folder. The lock is on the file and goes with the process; what the file says is
// only for people, and may be of a holder that crashed.
type fileLock struct{ flock *flock.Flock }

// holderAt is where the holder's description begins: Windows locks the first byte against reading too.
const holderAt = 1

type holder struct {
	Holder  string    `json:"holder"`
	Process int       `json:"process"`
	Since   time.Time `json:"since"`
}

func acquire(path, description string) (*fileLock, error) {
	lock := &fileLock{flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))}
	locked, err := lock.flock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("cannot lock the store: use a folder that can be written to: %w", err)
	}
	if !locked {
		return nil, inUse(path)
	}
	if description == "" {
		description = filepath.Base(os.Args[0])
	}
	if err := describe(path, holder{description, os.Getpid(), time.Now().UTC().Truncate(time.Second)}); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot lock the store: %w", err), lock.flock.Unlock())
	}
	return lock, nil
}

func inUse(path string) error {
	e := &InUseError{Path: filepath.Dir(path)}
	f, err := os.Open(path)
	if err != nil {
		return e
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, holderAt, 64<<10))
	var h holder
	if err == nil && json.Unmarshal(text, &h) == nil {
		e.Holder, e.Process, e.Since = h.Holder, h.Process, h.Since
	}
	return e
}

// describe writes who holds the lock, through a handle of its own and behind the locked byte.
func describe(path string, h holder) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	// The last holder may have left more; blanks are as good as nothing in JSON.
	if info, err := f.Stat(); err == nil && info.Size() > int64(holderAt+len(text)) {
		text = append(text, strings.Repeat(" ", int(info.Size())-holderAt-len(text))...)
	}
	_, err = f.WriteAt(text, holderAt)
	return errors.Join(err, f.Close())
}

// release lets go of the lock. The file stays: if it were removed, two could each lock a file of that name.
func (l *fileLock) release() error { return l.flock.Unlock() }
