// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// DeliveryTimeout is how long one delivery may take, from the look for the address to the end of the answer.
	DeliveryTimeout = 15 * time.Second
	// MaxAnswer is how much of the body of an answer is read, in bytes. Nothing of it is kept.
	MaxAnswer = 64 << 10

	maxAnswerHeaders = 16 << 10
)

// A Message is what a Deliverer posts.
type Message struct {
	URL       string
	ID        string    // stays the same when it is sent again
	Time      time.Time // of this attempt
	Body      []byte
	MediaType string      // empty: application/json
	Keys      []Key       // each signs; while a secret is rotated the new one and the old
	Header    http.Header // beside those of the standard; nil: none
}

// An Answer is what a receiver said: nothing of its body.
type Answer struct {
	Status     int           // 0: there was none
	RetryAfter time.Duration // that the receiver asks to be left alone for, as its answer has it in seconds
}

// A DeliveryError says why a message was not taken. Its text is one of a few and holds nothing of the message, of the URL or
// of the answer, so that it can be kept and shown.
type DeliveryError struct{ Problem string }

func (e *DeliveryError) Error() string { return e.Problem }

// A Deliverer posts messages to receivers that others name, which must not make it a door into the network that it runs in:
// it connects to public addresses alone, as they are when it connects, follows no redirect, takes no proxy from the
// environment, and keeps nothing of an answer but its status. Make one with NewDeliverer.
type Deliverer struct {
	guard  Guard
	client *http.Client
}

// DelivererOptions say what a Deliverer may do beyond that. The zero value is strict.
type DelivererOptions struct {
	Guard    Guard
	Resolver *net.Resolver // nil: the system's
	TLS      *tls.Config   // nil: the certificates of the system
	Timeout  time.Duration // 0: DeliveryTimeout
	Agent    string        // the header User-Agent; empty: Keywright-Webhooks
}

// NewDeliverer returns a Deliverer.
func NewDeliverer(o DelivererOptions) *Deliverer {
	if o.Timeout == 0 {
		o.Timeout = DeliveryTimeout
	}
	if o.Agent == "" {
		o.Agent = "Keywright-Webhooks"
	}
	dialer := &net.Dialer{Timeout: o.Timeout, Resolver: o.Resolver, Control: o.Guard.Control}
	transport := &http.Transport{
		Proxy: nil, DialContext: dialer.DialContext, TLSClientConfig: o.TLS, TLSHandshakeTimeout: o.Timeout, ForceAttemptHTTP2: true,
		MaxResponseHeaderBytes: maxAnswerHeaders, MaxIdleConnsPerHost: 8, MaxIdleConns: 100, IdleConnTimeout: time.Minute, DisableCompression: true,
	}
	return &Deliverer{guard: o.Guard, client: &http.Client{
		Transport: agent{transport, o.Agent}, Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// agent names the sender.
type agent struct {
	http.RoundTripper
	name string
}

func (a agent) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("User-Agent", a.name)
	return a.RoundTripper.RoundTrip(r)
}

// Check returns why nothing would be posted to a URL, or nil. It asks nobody: what a name stands for is looked at when it is
// connected to.
func (d *Deliverer) Check(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil:
		return &DeliveryError{"is not a URL with a host and without a user"}
	case u.Scheme != "https" && (u.Scheme != "http" || !d.guard.AllowHTTP):
		return &DeliveryError{"does not begin with https, and others are not allowed"}
	}
	return d.guard.checkHost(u.Hostname())
}

// Deliver posts a message once. Nil means that the receiver answered 2xx; any other error is a *DeliveryError, but those of
// Sign.
func (d *Deliverer) Deliver(ctx context.Context, m Message) (Answer, error) {
	if err := d.Check(m.URL); err != nil {
		return Answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return Answer{}, &DeliveryError{"the URL cannot be used"}
	}
	for name, values := range m.Header {
		request.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	if m.MediaType == "" {
		m.MediaType = "application/json"
	}
	request.Header.Set("Content-Type", m.MediaType)
	headers, err := Sign(m.ID, m.Time, m.Body, m.Keys...)
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set(HeaderID, headers.ID)
	request.Header.Set(HeaderTimestamp, headers.Timestamp)
	request.Header.Set(HeaderSignature, headers.Signature)
	response, err := d.client.Do(request)
	if err != nil {
		return Answer{}, &DeliveryError{Problem(err)}
	}
	defer response.Body.Close()
	answer := Answer{Status: response.StatusCode}
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, MaxAnswer))
	switch {
	case answer.Status >= 300 && answer.Status < 400:
		return answer, &DeliveryError{"answered " + strconv.Itoa(answer.Status) + ", and redirects are not followed"}
	case answer.Status < 200 || answer.Status > 299:
		answer.RetryAfter = retryAfter(response.Header.Get("Retry-After"))
		return answer, &DeliveryError{"answered " + strconv.Itoa(answer.Status)}
	case err != nil:
		return answer, &DeliveryError{"the answer broke off"}
	}
	return answer, nil
}

// retryAfter reads seconds; dates are passed over.
func retryAfter(text string) time.Duration {
	seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// Problem says in a few words of its own why a connection failed. What the error holds, such as names and addresses, stays
// out.
func Problem(err error) string {
	var timeout interface{ Timeout() bool }
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, ErrAddress):
		return ErrAddress.Error()
	case errors.Is(err, context.Canceled):
		return "it was given up"
	case errors.As(err, &name) && name.IsNotFound:
		return "the host has no address"
	case errors.As(err, &name):
		return "the address of the host could not be found"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "it did not answer in time"
	case errors.As(err, &certificate):
		return "its certificate was not accepted"
	case errors.As(err, &record):
		return "it does not speak TLS"
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return "it could not be connected to"
	}
	return "the connection broke"
}
