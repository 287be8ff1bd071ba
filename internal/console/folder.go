// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// A folder serves files that do not change while it lives, compressed to those who take that.
type folder struct {
	policy   string // the Content-Security-Policy of all of them
	fallback string // what is served at a path that names no file; empty: nothing
	files    map[string]*file
}

type file struct {
	kind       string
	tag        string
	plain      []byte
	compressed []byte
}

func newFolder(policy string) *folder { return &folder{policy: policy, files: map[string]*file{}} }

// add puts what is in a tree below a path. Files that are no part of a page are left out.
func (f *folder) add(below string, tree fs.FS) {
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) == ".md" {
			return err
		}
		content, err := fs.ReadFile(tree, name)
		if err == nil {
			f.files[below+name] = newFile(name, content)
		}
		return err
	})
	if err != nil {
		panic(err) // the files are part of the program
	}
}

func newFile(name string, content []byte) *file {
	sum := sha256.Sum256(content)
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = w.Write(content)
	_ = w.Close()
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) { // as every browser wants them, whatever the machine's own table says
	case ".js":
		kind = "text/javascript; charset=utf-8"
	case ".css":
		kind = "text/css; charset=utf-8"
	case ".html":
		kind = "text/html; charset=utf-8"
	case ".svg":
		kind = "image/svg+xml"
	case "":
		kind = "text/plain; charset=utf-8"
	}
	return &file{kind: kind, tag: `"` + hex.EncodeToString(sum[:12]) + `"`, plain: content, compressed: b.Bytes()}
}

func (f *folder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path
	if name == "" {
		name = "index.html"
	}
	found, ok := f.files[name]
	if !ok && path.Ext(name) == "" {
		found, ok = f.files[f.fallback]
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", f.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-cache") // asked about each time, by its tag: a page never mixes two versions
	h.Set("Content-Type", found.kind)
	h.Set("ETag", found.tag)
	h.Set("Vary", "Accept-Encoding")
	body := found.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(found.compressed) < len(found.plain) {
		h.Set("Content-Encoding", "gzip")
		body = found.compressed
	}
	if r.Header.Get("If-None-Match") == found.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
