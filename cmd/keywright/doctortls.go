// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/url"
	"os"
	"time"
)

// certificateFile looks at a certificate before a server is given it, or beside a server that cannot be asked.
func (d *doctor) certificateFile() {
	if d.flags.tlsCert == "" {
		return
	}
	text, err := os.ReadFile(d.flags.tlsCert)
	if err != nil {
		d.fail("tls", "name a file with certificates in PEM with --tls-cert", "%s", plainPathError(err))
		return
	}
	block, _ := pem.Decode(text)
	if block == nil {
		d.fail("tls", "name a file with certificates in PEM with --tls-cert", "there is no certificate in %s", d.flags.tlsCert)
		return
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		d.fail("tls", "name a file with certificates in PEM with --tls-cert", "the certificate in %s cannot be read", d.flags.tlsCert)
		return
	}
	d.certificate(leaf, d.flags.tlsCert)
}

// serverCertificate looks at the one that a server shows. Whether it is to be trusted is not decided here: nothing is sent,
// and the calls that follow verify it.
func (d *doctor) serverCertificate(ctx context.Context, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: true}}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return // the call that follows says so
	}
	defer conn.Close()
	d.certificate(conn.(*tls.Conn).ConnectionState().PeerCertificates[0], u.Host)
}

func (d *doctor) certificate(leaf *x509.Certificate, of string) {
	end := leaf.NotAfter.UTC().Format(time.RFC3339)
	switch left := leaf.NotAfter.Sub(d.s.now()); {
	case left <= 0:
		d.fail("tls", "renew it: the server reads the files again by itself", "the certificate of %s ended at %s", of, end)
	case left < endsSoon:
		d.warn("tls", "renew it: the server reads the files again by itself", "the certificate of %s ends at %s", of, end)
	case leaf.NotBefore.After(d.s.now()):
		d.fail("tls", "look at the clock, or at who made it", "the certificate of %s begins at %s only", of, leaf.NotBefore.UTC().Format(time.RFC3339))
	default:
		d.ok("tls", "the certificate of %s ends at %s", of, end)
	}
}
