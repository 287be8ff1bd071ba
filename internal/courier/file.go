// SPDX-License-Identifier: Apache-2.0

package courier

import (
	"net/url"
	"os"
	"sync"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/webhook"
)

// files are those of exports, all in one folder that whoever starts the server names: a caller of the API names a file in it
// and never a path.
type files struct {
	folder string
	mu     sync.Mutex // one batch is written at a time
}

func (f *files) check() error {
	if f.folder == "" {
		return &webhook.DeliveryError{Problem: "is a file, and this server has no folder for exports"}
	}
	return nil
}

// file appends a batch to its file, of mode 0600, and waits until the disk has it. The file is opened for each batch, so that
// one that was moved away, as logrotate does, is begun anew. A line that a crash cut off is taken away: the batch
// begins with that event, or an earlier one, again.
func (c *Courier) file(d *authority.Dispatch) error {
	u, err := url.Parse(d.Endpoint.URL)
	if err != nil {
		return &webhook.DeliveryError{Problem: "is not a URL"}
	}
	text, err := c.lines(d)
	if err != nil {
		return err
	}
	c.files.mu.Lock()
	defer c.files.mu.Unlock()
	root, err := os.OpenRoot(c.files.folder)
	if err != nil {
		return &webhook.DeliveryError{Problem: "the folder for exports cannot be opened"}
	}
	defer root.Close()
	if err := appendTo(root, u.Opaque, text); err != nil {
		return &webhook.DeliveryError{Problem: "the file cannot be written"}
	}
	return nil
}

func appendTo(root *os.Root, name string, text []byte) error {
	_, err := root.Stat(name)
	fresh := os.IsNotExist(err)
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := whole(f)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		_ = f.Truncate(size) // so that the next attempt does not begin in the middle of a line
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if fresh {
		return syncFolder(root)
	}
	return nil
}

// whole returns the size of a file after cutting off a line that has no end.
func whole(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	size := info.Size()
	tail := make([]byte, 1)
	for end := size; end > 0; end-- {
		if _, err := f.ReadAt(tail, end-1); err != nil {
			return 0, err
		}
		if tail[0] == '\n' {
			if end < size {
				return end, f.Truncate(end)
			}
			return size, nil
		}
	}
	if size > 0 {
		return 0, f.Truncate(0)
	}
	return 0, nil
}

// syncFolder makes the name of a new file last. Systems that cannot sync folders keep names by themselves.
func syncFolder(root *os.Root) error {
	folder, err := root.Open(".")
	if err != nil {
		return err
	}
	defer folder.Close()
	_ = folder.Sync()
	return nil
}
