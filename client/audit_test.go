// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/backup"
	"github.com/keywright/keywright/client"
)

// TestAuditActs does what is done to the chain as a whole, and backs the store up.
func TestAuditActs(t *testing.T) {
	ctx := t.Context()
	c, _ := start(t)
	if _, err := c.Issue(ctx, api.IssueRequest{Owner: "ann"}, ""); err != nil {
		t.Fatal(err)
	}
	mark, err := c.Checkpoint(ctx, api.CheckpointRequest{})
	if err != nil || mark.Sequence == 0 {
		t.Fatalf("%+v, %v", mark, err)
	}
	if list, err := c.Checkpoints(ctx); err != nil || len(list) != 1 || list[0].Hash != mark.Hash {
		t.Errorf("%+v, %v", list, err)
	}
	if done, err := c.Erase(ctx, api.EraseRequest{Value: "ann"}); err != nil || done.Events != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if done, err := c.Prune(ctx, api.PruneRequest{Sequence: mark.Sequence}); err != nil || done.Events != mark.Sequence {
		t.Errorf("%+v, %v", done, err)
	}
	if r, err := c.VerifyChain(ctx, mark); err != nil || !r.Whole || r.From != mark.Sequence || r.Checkpoints != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	mark.Hash[0]++
	if r, err := c.VerifyChain(ctx, mark); err != nil || r.Whole {
		t.Errorf("%+v, %v", r, err)
	}
	var archive bytes.Buffer
	if err := c.Backup(ctx, &archive); err != nil {
		t.Fatal(err)
	}
	if s, err := backup.Check(&archive); err != nil || s.Counts["record"] != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	full := errors.New("the disk is full")
	if err := c.Backup(ctx, failingWriter{full}); !errors.Is(err, full) {
		t.Errorf("an error of the writer: %v", err)
	}
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }

// TestABackupThatIsNone is not written.
func TestABackupThatIsNone(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"a page":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>hello")) },
		"refused": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", api.MediaArchive)
			panic(http.ErrAbortHandler)
		},
		"too late": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", api.MediaArchive)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		s := httptest.NewServer(handler)
		c, err := client.New(client.Options{URL: s.URL, ServiceKey: keywright.NewSecret("x"), Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := c.Backup(t.Context(), &got); err == nil || got.Len() > 0 {
			t.Errorf("%s: %v, %d bytes written", name, err, got.Len())
		}
		s.Close()
	}
}
