// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	socketScheme      = "unix:"
	defaultSocketMode = "0660"
	longestSocket     = 103 // bytes, the least of all systems: beyond, no client could name it
)

// socketMode reads the mode of a socket, in octal.
func socketMode(text string) (fs.FileMode, error) {
	mode, err := strconv.ParseUint(text, 8, 16)
	if err != nil || mode > 0o777 || mode&0o600 != 0o600 {
		return 0, misused("--socket-mode is no mode of a file in which its owner may read and write", "give it in octal, such as "+defaultSocketMode)
	}
	return fs.FileMode(mode), nil
}

// listenSocket listens at a Unix socket. It is made in a folder that nobody else can enter, and gets its name when it has
// its mode: so the mode holds from the first moment, whatever the umask, and what has the name already is never replaced.
func listenSocket(ctx context.Context, path string, mode fs.FileMode) (*door, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, socketFailure(path, err)
	}
	if len(path) > longestSocket {
		return nil, socketFailure(path, syscall.EINVAL)
	}
	if err := makeRoom(ctx, path); err != nil {
		return nil, err
	}
	room, err := os.MkdirTemp(filepath.Dir(path), ".kw")
	if err != nil {
		return nil, socketFailure(path, err)
	}
	defer os.RemoveAll(room)
	made := filepath.Join(room, "s")
	l, err := new(net.ListenConfig).Listen(ctx, "unix", made)
	if err != nil {
		return nil, socketFailure(path, err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it would remove the name that it was made with
	own := &socket{Listener: l, path: path}
	err = os.Chmod(made, mode)
	if err == nil {
		own.info, err = os.Lstat(made)
	}
	if err == nil {
		err = os.Link(made, path)
	}
	if err != nil {
		_ = l.Close()
		return nil, socketFailure(path, err)
	}
	return &door{Listener: own, url: socketScheme + path, loopback: true}, nil
}

// makeRoom removes a socket at which nobody listens any more, as a server that was killed leaves it, and nothing else.
func makeRoom(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return socketFailure(path, err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return unknowable("there is something at "+path+" that is no socket", "it was not touched: move it away, or name another path with --listen", nil)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err == nil {
		_ = conn.Close()
		return listenFailure(socketScheme+path, syscall.EADDRINUSE)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return socketFailure(path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return socketFailure(path, err)
	}
	return nil
}

func socketFailure(path string, err error) error {
	var op *net.OpError
	var link *os.LinkError
	switch {
	case errors.Is(err, fs.ErrExist):
		return listenFailure(socketScheme+path, syscall.EADDRINUSE)
	case errors.Is(err, syscall.EINVAL):
		return unknowable("cannot listen at "+socketScheme+path+": the path is too long for a socket", "name one of less than 90 characters", nil)
	case errors.As(err, &op):
		err = op.Err
	case errors.As(err, &link):
		err = link.Err
	default:
		err = errors.New(plainPathError(err))
	}
	return unknowable("cannot listen at "+socketScheme+path+": "+err.Error(), "name a path in a folder that exists and that this user can write to", nil)
}

// A socket takes its name away when it is closed, if it is still its own.
type socket struct {
	net.Listener
	path string
	info fs.FileInfo
	once sync.Once
}

// Close ends listening.
func (s *socket) Close() error {
	s.once.Do(func() {
		if now, err := os.Lstat(s.path); err == nil && os.SameFile(now, s.info) {
			_ = os.Remove(s.path)
		}
	})
	return s.Listener.Close()
}
