// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

const maxLine = 1 << 20

// IssueMany issues as many keys as there are requests, and hands the answer to each, in order, to done. It ends with
// the first error of done. What was answered has been issued; after an error of the server more may have been.
//
// Requests are read while answers arrive, in a goroutine of their own.
func (c *Client) IssueMany(ctx context.Context, requests iter.Seq[api.IssueRequest], done func(api.IssueLine) error) error {
	return stream(ctx, c, api.PathKeys, requests, done)
}

// VerifyMany asks about many keys, and hands the answer to each, in order, to done: a verdict, or the problem of that
// line, which is no judgement. It ends with the first error of done.
//
// Asks are read while answers arrive, in a goroutine of their own.
func (c *Client) VerifyMany(ctx context.Context, asks iter.Seq[keywright.Ask], done func(keywright.Verdict, error) error) error {
	requests := func(yield func(api.VerifyRequest) bool) {
		for ask := range asks {
			if !sendable(ask.Key) {
				ask.Key = keywright.Secret{} // malformed as well
			}
			if !yield(api.VerifyRequestOf(ask)) {
				return
			}
		}
	}
	return stream(ctx, c, api.PathVerifyBatch, requests, func(line api.VerifyLine) error {
		switch {
		case line.Problem != nil:
			return done(keywright.Verdict{}, line.Problem)
		case line.VerifyResponse == nil:
			return done(keywright.Verdict{}, errVerdict)
		}
		return done(verdictOf(line.VerifyResponse))
	})
}

// stream sends one JSON document a line and reads as many.
func stream[Q, A any](ctx context.Context, c *Client, path string, requests iter.Seq[Q], done func(A) error) error {
	body, to := io.Pipe()
	defer body.CloseWithError(context.Canceled) // ends the sender
	var sent atomic.Int64
	go send(to, requests, &sent)
	var received int64
	err := exchange(ctx, c, path, nil, api.MediaLines, body, func(answer A) error {
		received++
		return done(answer)
	})
	if err == nil && received != sent.Load() {
		return c.transportError(fmt.Errorf("it answered %d of %d lines and ended: %w", received, sent.Load(), io.ErrUnexpectedEOF))
	}
	return err
}

// exchange sends a body and hands each line of the answer to done. It ends with the first error of done.
func exchange[A any](ctx context.Context, c *Client, path string, query url.Values, media string, body io.Reader, done func(A) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request, err := c.request(ctx, call{method: http.MethodPost, path: path, query: query}, body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", media)
	request.Header.Set("Accept", api.MediaLines)
	response, err := c.http.Do(request)
	if err != nil {
		return c.transportError(err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode < 200 || response.StatusCode > 299:
		text, _ := io.ReadAll(io.LimitReader(response.Body, maxDocument))
		return refusal(response, text)
	case !mediaType(response, api.MediaLines):
		return fmt.Errorf("what answers at %s is no keywright server: it sent no lines of JSON", c.url)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		var answer A
		if json.Unmarshal(lines.Bytes(), &answer) != nil {
			if !lines.Scan() && lines.Err() != nil { // it was cut off there
				return c.transportError(lines.Err())
			}
			return c.errUnreadable()
		}
		if err := done(answer); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return errors.New("a line of the server's answer is larger than any that is expected")
	case err != nil:
		return c.transportError(err)
	}
	return nil
}

func (c *Client) errUnreadable() error {
	return fmt.Errorf("an answer of the server at %s cannot be read: it may be of another version", c.url)
}

func send[Q any](to *io.PipeWriter, requests iter.Seq[Q], sent *atomic.Int64) {
	w := bufio.NewWriterSize(to, 32<<10)
	e := json.NewEncoder(w)
	for q := range requests {
		sent.Add(1)
		if err := e.Encode(q); err != nil {
			to.CloseWithError(err)
			return
		}
	}
	to.CloseWithError(w.Flush()) // nil: the end
}
