// SPDX-License-Identifier: Apache-2.0

// Package courier sends events of the audit chain to endpoints: it is the authority.Sender of the binary.
//
// Webhooks are posted one by one and signed as Standard Webhooks says. Exports are for systems that collect logs: lines of
// JSON posted many at once, syslog over TLS or TCP, lines of JSON in a file. Where a name leads is judged when a connection
// is made to it, at every attempt.
package courier

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/webhook"
)

// Options say what may be sent where. Event is needed; the zero value of the rest is strict.
type Options struct {
	Event     func(*authority.Event) any // an event as the API shows it
	AllowHTTP bool                       // also what is not encrypted: http and tcp
	Networks  []netip.Prefix             // that are connected to although they are not public
	Folder    string                     // for exports to files; empty: there are none
	Host      string                     // of this server, for syslog; empty: -
	Resolver  *net.Resolver              // nil: the system's
	TLS       *tls.Config                // nil: the certificates of the system
	Timeout   time.Duration              // of one attempt; 0: 15 s
}

// A Courier sends.
type Courier struct {
	options   Options
	guard     webhook.Guard
	deliverer *webhook.Deliverer
	files     files
}

// New returns a courier.
func New(o Options) *Courier {
	if o.Timeout == 0 {
		o.Timeout = webhook.DeliveryTimeout
	}
	if o.Host == "" {
		o.Host = "-"
	}
	g := webhook.Guard{AllowHTTP: o.AllowHTTP, Networks: o.Networks}
	return &Courier{
		options: o, guard: g, files: files{folder: o.Folder},
		deliverer: webhook.NewDeliverer(webhook.DelivererOptions{Guard: g, Resolver: o.Resolver, TLS: o.TLS, Timeout: o.Timeout}),
	}
}

// Check returns why nothing can be sent to a URL.
func (c *Courier) Check(kind authority.EndpointKind, text string) error {
	switch kind {
	case authority.ExportFile:
		return c.files.check()
	case authority.ExportSyslog:
		u, err := url.Parse(text)
		if err != nil {
			return &webhook.DeliveryError{Problem: "is not a URL"}
		}
		if u.Scheme != "tls" && !c.options.AllowHTTP {
			return &webhook.DeliveryError{Problem: "is not encrypted, and others than tls are not allowed"}
		}
		return c.deliverer.Check("https://" + u.Host)
	}
	return c.deliverer.Check(text)
}

// Send sends, once.
func (c *Courier) Send(ctx context.Context, d authority.Dispatch) (authority.Result, error) {
	if err := c.Check(d.Endpoint.Kind, d.Endpoint.URL); err != nil {
		return authority.Result{}, err
	}
	switch d.Endpoint.Kind {
	case authority.ExportSyslog:
		return authority.Result{}, c.syslog(ctx, &d)
	case authority.ExportFile:
		return authority.Result{}, c.file(&d)
	case authority.ExportHTTP:
		body, err := c.lines(&d)
		if err != nil {
			return authority.Result{}, err
		}
		return c.post(ctx, &d, body, "application/x-ndjson")
	}
	body, err := c.payload(&d)
	if err != nil {
		return authority.Result{}, err
	}
	return c.post(ctx, &d, body, "application/json")
}

// payload is that of Standard Webhooks: what happened, when, and the event as the API shows it.
type payload struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// ping is what a test sends.
const ping = "ping"

func (c *Courier) payload(d *authority.Dispatch) ([]byte, error) {
	p := payload{Type: ping, Timestamp: d.Time, Data: struct{}{}}
	if len(d.Events) > 0 {
		e := &d.Events[0]
		p = payload{Type: e.Verb, Timestamp: e.Time, Data: c.options.Event(e)}
	}
	return encode(p)
}

// lines are events as the API shows them, one on each line.
func (c *Courier) lines(d *authority.Dispatch) ([]byte, error) {
	var b bytes.Buffer
	for i := range d.Events {
		line, err := encode(c.options.Event(&d.Events[i]))
		if err != nil {
			return nil, err
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	if len(d.Events) == 0 {
		line, err := encode(payload{Type: ping, Timestamp: d.Time, Data: struct{}{}})
		if err != nil {
			return nil, err
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func (c *Courier) post(ctx context.Context, d *authority.Dispatch, body []byte, media string) (authority.Result, error) {
	m := webhook.Message{URL: d.Endpoint.URL, ID: d.ID, Time: d.Time, Body: body, MediaType: media}
	for _, s := range d.Endpoint.Secrets {
		k, err := webhook.ParseKey(s.Secret)
		if err != nil {
			return authority.Result{}, err
		}
		m.Keys = append(m.Keys, k)
	}
	if v := d.Endpoint.Header.Reveal(); v != "" {
		m.Header = http.Header{"Authorization": {v}}
	}
	a, err := c.deliverer.Deliver(ctx, m)
	return authority.Result{Status: a.Status, RetryAfter: a.RetryAfter, Gone: a.Status == http.StatusGone}, err
}
