// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"

	"github.com/keywright/keywright/api"
)

// An ImportQuery says what all lines of an import have in common.
type ImportQuery struct {
	Keyspace string // default
	Media    string // of the body: api.MediaLines, which is the default, or api.MediaCSV
	DryRun   bool   // only tell what would become of each line
	All      bool   // tell the outcome of every line, not only of those that were refused
}

// Import sends a body of records and hands each line of the answer to done while the body is still read: the outcomes of
// lines, and after each transaction how many are durable. It ends with the first error of done. After an error the body
// can be sent again from its begin: what is there already is skipped.
func (c *Client) Import(ctx context.Context, q ImportQuery, body io.Reader, done func(api.ImportAnswer) error) (api.ImportEnd, error) {
	query := values("keyspace", q.Keyspace)
	for name, set := range map[string]bool{"dry_run": q.DryRun, "all": q.All} {
		if set {
			query.Set(name, "true")
		}
	}
	if q.Media == "" {
		q.Media = api.MediaLines
	}
	var end *api.ImportEnd
	err := exchange(ctx, c, api.PathImport, query, q.Media, body, func(a api.ImportAnswer) error {
		if a.End != nil {
			end = a.End
			return nil
		}
		return done(a)
	})
	switch {
	case err != nil:
		return api.ImportEnd{}, err
	case end == nil:
		return api.ImportEnd{}, c.transportError(fmt.Errorf("its answer was cut off: %w", io.ErrUnexpectedEOF))
	case end.Problem != nil:
		return *end, end.Problem
	}
	return *end, nil
}

// ImportMany imports as many records as there are lines.
func (c *Client) ImportMany(ctx context.Context, q ImportQuery, lines iter.Seq[api.ImportLine], done func(api.ImportAnswer) error) (api.ImportEnd, error) {
	body, to := io.Pipe()
	defer body.CloseWithError(context.Canceled) // ends the sender
	go func() {
		w := bufio.NewWriterSize(to, 32<<10)
		e := json.NewEncoder(w)
		for l := range lines {
			if err := e.Encode(l); err != nil {
				to.CloseWithError(err)
				return
			}
		}
		to.CloseWithError(w.Flush()) // nil: the end
	}()
	q.Media = api.MediaLines
	return c.Import(ctx, q, body, done)
}

// An ExportQuery chooses records. Every field that is not zero narrows it.
type ExportQuery struct {
	Keyspace string // default
	Owner    string
	Scope    string
	State    string
	Text     string // in name or owner
	Hashes   bool   // with the hashes of the secrets, which needs a scope of its own
	CSV      bool   // as a table, instead of a JSON document a line
}

// Export writes records to w in the form in which Import takes them. A nil error says that all of them came.
func (c *Client) Export(ctx context.Context, q ExportQuery, w io.Writer) error {
	query := values("keyspace", q.Keyspace, "owner", q.Owner, "scope", q.Scope, "state", q.State, "q", q.Text)
	media := api.MediaLines
	if q.Hashes {
		query.Set("hashes", "true")
	}
	if q.CSV {
		media = api.MediaCSV
		query.Set("format", "csv")
	}
	return c.download(ctx, api.PathExport, query, media, w)
}

// download copies the body of an answer.
func (c *Client) download(ctx context.Context, path string, query url.Values, media string, w io.Writer) error {
	request, err := c.request(ctx, call{method: http.MethodGet, path: path, query: query}, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", media)
	response, err := c.http.Do(request)
	if err != nil {
		return c.transportError(err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode < 200 || response.StatusCode > 299:
		text, _ := io.ReadAll(io.LimitReader(response.Body, maxDocument))
		return refusal(response, text)
	case !mediaType(response, media):
		return fmt.Errorf("what answers at %s is no keywright server: it sent something else than was asked for", c.url)
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

// Peppers lists the peppers, oldest first.
func (c *Client) Peppers(ctx context.Context) ([]api.Pepper, error) {
	var l api.PepperList
	return l.Peppers, c.do(ctx, call{method: http.MethodGet, path: api.PathPeppers, into: &l, repeat: true})
}

// CreatePepper makes a pepper, or takes one from elsewhere.
func (c *Client) CreatePepper(ctx context.Context, q api.PepperRequest) (api.Pepper, error) {
	var p api.Pepper
	return p, c.do(ctx, call{method: http.MethodPost, path: api.PathPeppers, body: q, into: &p})
}

// RemovePepper removes a pepper for good. One that is in use stays.
func (c *Client) RemovePepper(ctx context.Context, name string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: api.PathPeppers + "/" + url.PathEscape(name), slow: true})
}
