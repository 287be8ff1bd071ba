// SPDX-License-Identifier: Apache-2.0

package courier

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/webhook"
)

// priority is that of every message: facility 13, log audit, severity 6, informational (RFC 5424, section 6.2.1).
const priority = 13*8 + 6

// maxSequenceID is the highest number of a message (section 7.3.1); behind it comes 1. The event itself has its sequence whole.
const maxSequenceID = 1<<31 - 1

// syslog sends a batch over a connection of its own. Syslog answers nothing, and what was written to a connection may be
// lost with it: so the batch is taken when the receiver has closed the connection after us, which it does when it has read
// all of it (over TLS it must: RFC 5425, section 4.4).
func (c *Courier) syslog(ctx context.Context, d *authority.Dispatch) error {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	frames, err := c.frames(d)
	if err != nil {
		return err
	}
	conn, err := c.dial(ctx, d.Endpoint.URL)
	if err != nil {
		return &webhook.DeliveryError{Problem: webhook.Problem(err)}
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(frames); err != nil {
		return &webhook.DeliveryError{Problem: webhook.Problem(err)}
	}
	if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		return &webhook.DeliveryError{Problem: webhook.Problem(err)}
	}
	switch _, err := io.Copy(io.Discard, io.LimitReader(conn, webhook.MaxAnswer)); {
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return &webhook.DeliveryError{Problem: "it did not close the connection in time, so it may not have read everything"}
	case err != nil:
		return &webhook.DeliveryError{Problem: webhook.Problem(err)}
	}
	return nil
}

func (c *Courier) dial(ctx context.Context, text string) (net.Conn, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Resolver: c.options.Resolver, Control: c.guard.Control}
	if u.Scheme != "tls" {
		return dialer.DialContext(ctx, "tcp", u.Host)
	}
	config := c.options.TLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	return (&tls.Dialer{NetDialer: dialer, Config: config}).DialContext(ctx, "tcp", u.Host)
}

// frames are messages of RFC 5424, each behind its length (RFC 6587, section 3.4.1): nothing that a message holds can end
// it.
func (c *Courier) frames(d *authority.Dispatch) ([]byte, error) {
	var frames []byte
	add := func(at time.Time, kind string, sequence uint64, data []byte) {
		message := fmt.Sprintf("<%d>1 %s %s keywright - %s [meta sequenceId=\"%d\"][origin software=\"keywright\"] \ufeff%s",
			priority, at.UTC().Format("2006-01-02T15:04:05.000Z"), printable(c.options.Host, 255), printable(kind, 32), sequence%maxSequenceID+1, data)
		frames = fmt.Appendf(frames, "%d %s", len(message), message)
	}
	for i := range d.Events {
		e := &d.Events[i]
		line, err := encode(c.options.Event(e))
		if err != nil {
			return nil, err
		}
		add(e.Time, e.Verb, e.Sequence-1, line)
	}
	if len(d.Events) == 0 {
		add(d.Time, ping, 0, []byte("{}"))
	}
	return frames, nil
}

// printable makes a word of the header of RFC 5424: visible ASCII, not too long.
func printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}
