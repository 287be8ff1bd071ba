// SPDX-License-Identifier: Apache-2.0

// Package client calls a keywright server.
//
//	c, err := client.New(client.Options{
//		URL:        "https://keys.example.com",
//		ServiceKey: keywright.NewSecret(os.Getenv("KEYWRIGHT_SERVICE_KEY")),
//	})
//	verdict, err := c.Verify(ctx, keywright.Ask{Key: presented, Keyspace: "acme", Environment: "live"})
//	if err != nil {
//		// no judgement could be made: refuse with 503, and never say that the key is bad
//	}
//	if !verdict.Valid() {
//		// verdict.Code says why
//	}
//
// A Client is a keywright.Verifier, like an authority in the same process. A refusal is a verdict; that the server
// cannot be reached, takes too long, cannot judge, or does not accept the service key is an error.
//
// An error of the server is an *api.Problem (errors.As): a stable code, what is wrong, and what would do. Neither it
// nor any other error holds a key, and nothing is logged.
//
// Nothing is cached: what one server has revoked is revoked for every client at once. What is safe to repeat is
// repeated a few times where the server cannot be reached or asks to come again later. Middleware over a Client is in
// the packages httpauth and grpcauth.
package client

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

const (
	defaultTimeout = 10 * time.Second
	defaultRetries = 2
)

// Options say which server is called and how. URL and ServiceKey are needed; RevokeSelf, Live and Ready need no key.
type Options struct {
	URL        string           // such as https://keys.example.com; a path in it goes before every route. unix:/run/keywright.sock: a Unix socket
	ServiceKey keywright.Secret // a key of the keyspace keywright
	HTTP       *http.Client     // nil: one of its own. Redirects are never followed: a key would go with them
	Timeout    time.Duration    // of one attempt, streams excepted; 0: 10 seconds
	Retries    int              // attempts after the first, of what is safe to repeat; 0: 2, negative: none
	UserAgent  string           // empty: keywright-client
}

// A Client is safe for use by several goroutines.
type Client struct {
	url     string // as people know it
	base    *url.URL
	key     keywright.Secret
	http    *http.Client
	timeout time.Duration
	retries int
	agent   string
}

var _ keywright.Verifier = (*Client)(nil)

// New returns a client. It calls nobody yet.
func New(o Options) (*Client, error) {
	address := o.URL
	socket, overUnix := socketOf(o.URL)
	if overUnix {
		address = socketHost
	}
	base, err := url.Parse(address)
	switch {
	case err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https":
		return nil, errors.New("the URL of the server is not one: it looks like https://keys.example.com")
	case base.User != nil:
		return nil, errors.New("the URL of the server holds a user or a password: the service key is given apart from it")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the URL of the server has a query or a fragment: it looks like https://keys.example.com")
	case strings.ContainsAny(o.ServiceKey.Reveal(), "\r\n"):
		return nil, errors.New("the service key holds a line break: give the key alone")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	c := &Client{url: base.String(), base: base, key: o.ServiceKey, timeout: o.Timeout, retries: max(o.Retries, 0), agent: o.UserAgent}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if o.Retries == 0 {
		c.retries = defaultRetries
	}
	if c.agent == "" {
		c.agent = "keywright-client"
	}
	own := http.Client{Transport: newTransport()}
	if o.HTTP != nil {
		own = *o.HTTP
	}
	if overUnix {
		if own.Transport, err = overSocket(own.Transport, socket); err != nil {
			return nil, err
		}
		c.url = socketScheme + socket
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &own
	return c, nil
}

// newTransport keeps more idle connections to one server than the default two: a gateway asks it all the time.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 100, 100
	return t
}

// URL returns where the server is.
func (c *Client) URL() string { return c.url }
