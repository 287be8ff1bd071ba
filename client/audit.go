// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/keywright/keywright/api"
)

// Checkpoint lets the server sign the end of its audit chain. Keep what it returns elsewhere.
func (c *Client) Checkpoint(ctx context.Context, q api.CheckpointRequest) (api.Checkpoint, error) {
	var p api.Checkpoint
	return p, c.do(ctx, call{method: http.MethodPost, path: api.PathCheckpoints, body: q, into: &p})
}

// Checkpoints returns the checkpoints that the server keeps, oldest first.
func (c *Client) Checkpoints(ctx context.Context) ([]api.Checkpoint, error) {
	var l api.CheckpointList
	return l.Checkpoints, c.do(ctx, call{method: http.MethodGet, path: api.PathCheckpoints, into: &l, limit: maxList, repeat: true})
}

// Erase empties personal fields of events, for good.
func (c *Client) Erase(ctx context.Context, q api.EraseRequest) (api.Erased, error) {
	var e api.Erased
	return e, c.do(ctx, call{method: http.MethodPost, path: api.PathErase, body: q, into: &e, slow: true, repeat: true})
}

// Prune deletes the events up to a checkpoint, for good.
func (c *Client) Prune(ctx context.Context, q api.PruneRequest) (api.Pruned, error) {
	var p api.Pruned
	return p, c.do(ctx, call{method: http.MethodPost, path: api.PathPrune, body: q, into: &p, slow: true})
}

// Backup writes a backup of the server's whole store to w. It takes as long as it takes. A nil error says that the answer
// came to its end; whether it is whole, package backup tells.
func (c *Client) Backup(ctx context.Context, w io.Writer) error {
	request, err := c.request(ctx, call{method: http.MethodGet, path: api.PathBackup}, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", api.MediaArchive)
	request.Header.Set("Accept-Encoding", "identity") // it is compressed as it is
	response, err := c.http.Do(request)
	if err != nil {
		return c.transportError(err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode < 200 || response.StatusCode > 299:
		text, _ := io.ReadAll(io.LimitReader(response.Body, maxDocument))
		return refusal(response, text)
	case !mediaType(response, api.MediaArchive):
		return fmt.Errorf("what answers at %s is no keywright server: it sent no backup", c.url)
	}
	target := &sink{Writer: w}
	if _, err := io.Copy(target, response.Body); err != nil {
		if target.failed != nil {
			return target.failed
		}
		return c.transportError(err)
	}
	return nil
}

// A sink remembers its own error, to tell it from one of the server.
type sink struct {
	io.Writer
	failed error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.Writer.Write(b)
	s.failed = err
	return n, err
}
