// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/keywright/keywright/api"
)

const (
	maxDocument = 1 << 20   // an answer about one thing
	maxList     = 128 << 20 // a page of a thousand records with all the metadata that they can have

	slowTimeout = time.Minute
)

// A call is one request to the server.
type call struct {
	method string
	path   string
	query  url.Values
	body   any // sent as JSON; nil: none
	into   any // the answer; nil: it is not read
	header http.Header
	limit  int64 // bytes of the answer; 0: maxDocument
	repeat bool  // doing it twice is as good as once
	spends bool  // but each time may take from limits and credits
	open   bool  // goes without the service key
	slow   bool  // may take longer than other calls
}

// do makes the call, and makes it again where that is safe and could help.
func (c *Client) do(ctx context.Context, q call) error {
	var body []byte
	if q.body != nil {
		var err error
		if body, err = json.Marshal(q.body); err != nil {
			return fmt.Errorf("the request cannot be written as JSON: %w", err)
		}
	}
	wait := firstWait
	lost := 0 // answers
	for attempt := 0; ; attempt++ {
		err := c.try(ctx, q, body)
		if err == nil || !q.repeat || attempt == c.retries || ctx.Err() != nil {
			return err
		}
		if q.spends && mayHaveSpent(err) {
			if lost++; lost > 1 || begun(err) {
				return err
			}
		}
		pause, again := pauseAfter(err, wait)
		if !again {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		wait = min(2*wait, longestGap)
	}
}

// try makes one attempt.
func (c *Client) try(ctx context.Context, q call, body []byte) error {
	timeout := c.timeout
	if q.slow {
		timeout = max(timeout, slowTimeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	request, err := c.request(ctx, q, reader)
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", api.MediaJSON)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.transportError(err)
	}
	defer response.Body.Close()
	limit := q.limit
	if limit == 0 {
		limit = maxDocument
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		err = c.transportError(err)
		if cut, ok := errors.AsType[*TransportError](err); ok {
			cut.begun = true
		}
		return err
	case int64(len(text)) > limit:
		return errors.New("the answer of the server is larger than any that is expected")
	case response.StatusCode < 200 || response.StatusCode > 299:
		return refusal(response, text)
	case q.into == nil:
		return nil
	case !mediaType(response, api.MediaJSON):
		return fmt.Errorf("what answers at %s is no keywright server: it sent no JSON", c.url)
	}
	if json.Unmarshal(text, q.into) != nil { // its error could repeat what was sent
		return c.errUnreadable()
	}
	return nil
}

func (c *Client) request(ctx context.Context, q call, body io.Reader) (*http.Request, error) {
	u := *c.base
	u.RawPath = c.base.EscapedPath() + q.path
	path, err := url.PathUnescape(u.RawPath)
	if err != nil {
		return nil, errors.New("the request cannot be made: its path is not one")
	}
	u.Path, u.RawQuery = path, q.query.Encode()
	request, err := http.NewRequestWithContext(ctx, q.method, u.String(), body)
	if err != nil {
		return nil, errors.New("the request cannot be made")
	}
	for name, values := range q.header {
		request.Header[name] = values
	}
	request.Header.Set("Accept", api.MediaJSON)
	request.Header.Set("User-Agent", c.agent)
	if !q.open && !c.key.IsZero() {
		request.Header.Set("Authorization", "Bearer "+c.key.Reveal())
	}
	return request, nil
}

// A TransportError says that the server could not be reached, or did not answer in time.
type TransportError struct {
	URL   string // of the server
	Cause error
	begun bool // its answer had begun
}

func (e *TransportError) Error() string {
	if errors.Is(e.Cause, context.DeadlineExceeded) {
		return "the server at " + e.URL + " did not answer in time"
	}
	return "the server at " + e.URL + " cannot be reached: " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Cause }

// transportError leaves out of an error of net/http the method and the whole URL.
func (c *Client) transportError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("the request was given up: %w", err)
	}
	return &TransportError{URL: c.url, Cause: err}
}

// An answerError is a problem of the server, and when to come again.
type answerError struct {
	*api.Problem
	after time.Duration
}

func (e *answerError) Unwrap() error { return e.Problem }

// refusal reads why a request was refused. What comes between, such as a proxy, sends no problem: then the status must
// do.
func refusal(response *http.Response, text []byte) error {
	var p api.Problem
	if !mediaType(response, api.MediaProblem) || json.Unmarshal(text, &p) != nil || p.Code == "" {
		hint := "look at what answers at this address: it may be a proxy, or no keywright server"
		if response.StatusCode >= 300 && response.StatusCode < 400 {
			hint = "use the URL that it redirects to: redirects are not followed, since a key would go with them"
		}
		p = *api.NewProblem(api.CodeOf(response.StatusCode), "", "the server answered "+strconv.Itoa(response.StatusCode)+" without saying why", hint)
	}
	p.Status = response.StatusCode
	return &answerError{&p, retryAfter(response.Header.Get("Retry-After"))}
}

func mediaType(response *http.Response, want string) bool {
	got, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return err == nil && got == want
}
