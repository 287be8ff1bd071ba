// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A paper is a certificate and its key in two files.
type paper struct {
	cert, key string
	leaf      *x509.Certificate
	private   *ecdsa.PrivateKey
}

// newPaper makes a certificate for this machine, signed by another, or by itself, and writes it in PEM.
func newPaper(t *testing.T, dir string, serial int64, by *paper, change ...func(*x509.Certificate)) *paper {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, Subject: pkix.Name{CommonName: "one of the test"},
		BasicConstraintsValid: true, IsCA: by == nil,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, f := range change {
		f(template)
	}
	p := &paper{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), private: private}
	parent, signer := template, private
	if by != nil {
		parent, signer = by.leaf, by.private
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &private.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	if p.leaf, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{p.cert: {Type: "CERTIFICATE", Bytes: der}, p.key: {Type: "PRIVATE KEY", Bytes: privateDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// TestRenewal serves a renewed certificate without a restart. Half of a renewal leaves the old one, and is said once.
func TestRenewal(t *testing.T) {
	var log strings.Builder
	dir := t.TempDir()
	p := newPaper(t, dir, 1, nil)
	pair := newCertificate(p.cert, p.key, slog.New(slog.NewTextHandler(&log, nil)))
	want := func(when string, serial int64, errors int) {
		t.Helper()
		for range 3 {
			pair.looked = time.Time{} // as if time had passed
			got, err := pair.get()
			if err != nil {
				t.Fatal(err)
			}
			if n := got.Leaf.SerialNumber.Int64(); n != serial {
				t.Errorf("certificate %d %s", n, when)
			}
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != errors {
			t.Errorf("%d errors logged %s: %s", n, when, log.String())
		}
	}
	want("at first", 1, 0)
	newPaper(t, dir, 2, nil)
	want("after a renewal", 2, 0)

	// The certificate first, and its key later.
	next := newPaper(t, t.TempDir(), 3, nil)
	move(t, next.cert, p.cert)
	want("before the key", 2, 1)
	move(t, next.key, p.key)
	want("when only the key had changed", 3, 1)

	if err := os.Remove(p.key); err != nil {
		t.Fatal(err)
	}
	want("without a key", 3, 2)
	if strings.Contains(log.String(), "PRIVATE") {
		t.Error("the log shows a file")
	}
}

// TestRenewalByLink follows a link of a folder that leads elsewhere, as in a volume of Kubernetes, to files of the same time.
func TestRenewalByLink(t *testing.T) {
	dir := t.TempDir()
	same := time.Now().Add(-time.Minute)
	for i, name := range []string{"first", "second"} {
		p := newPaper(t, filepath.Join(dir, name), int64(i+1), nil)
		for _, path := range []string{p.cert, p.key} {
			if err := os.Chtimes(path, same, same); err != nil {
				t.Fatal(err)
			}
		}
	}
	link := func(to string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, "next")); err != nil {
			t.Fatal(err)
		}
		move(t, filepath.Join(dir, "next"), filepath.Join(dir, "data"))
	}
	link("first")
	pair := newCertificate(filepath.Join(dir, "data", "cert.pem"), filepath.Join(dir, "data", "key.pem"), slog.New(slog.DiscardHandler))
	for i, name := range []string{"first", "second"} {
		link(name)
		pair.looked = time.Time{}
		got, err := pair.get()
		if err != nil || got.Leaf.SerialNumber.Int64() != int64(i+1) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestClientAuthorities are those of the file as it is now, also for who was let in before.
func TestClientAuthorities(t *testing.T) {
	own, first, second := newPaper(t, t.TempDir(), 1, nil), newPaper(t, t.TempDir(), 2, nil), newPaper(t, t.TempDir(), 3, nil)
	client := newPaper(t, t.TempDir(), 4, first)
	file := filepath.Join(t.TempDir(), "ca.pem")
	copyFile(t, first.cert, file)
	config, err := tlsOf(&serveFlags{tlsCert: own.cert, tlsKey: own.key, tlsClientCA: file}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if c.(*tls.Conn).Handshake() == nil {
					_, _ = c.Write([]byte{byte(len(c.(*tls.Conn).ConnectionState().VerifiedChains))})
				}
			}()
		}
	}()
	pair, err := tls.LoadX509KeyPair(client.cert, client.key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(own.leaf)
	dial := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	chains := func(config *tls.Config) (byte, error) {
		c, err := tls.Dial("tcp", l.Addr().String(), config)
		if err != nil {
			return 0, err
		}
		defer c.Close()
		var b [1]byte
		_, err = c.Read(b[:])
		return b[0], err
	}
	for range 2 {
		if n, err := chains(dial); n != 1 || err != nil {
			t.Errorf("%d %v with a certificate of the CA", n, err)
		}
	}
	if n, err := chains(&tls.Config{RootCAs: roots}); n != 0 || err != nil {
		t.Errorf("%d %v without one", n, err)
	}
	copyFile(t, second.cert, file)
	time.Sleep(1100 * time.Millisecond) // it is looked at once a second
	if n, err := chains(dial); err == nil {
		t.Errorf("%d: a certificate of a CA that is not there any more is taken", n)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestTLSFlags refuses what cannot be meant.
func TestTLSFlags(t *testing.T) {
	p := newPaper(t, t.TempDir(), 1, nil)
	for _, f := range []serveFlags{
		{tlsCert: p.cert},
		{tlsKey: p.key},
		{tlsClientCA: p.cert},
		{tlsCert: p.key, tlsKey: p.cert},
		{tlsCert: p.cert, tlsKey: p.key, tlsClientCA: p.key},
		{tlsCert: p.cert, tlsKey: p.key, tlsClientCA: "missing"},
	} {
		if config, err := tlsOf(&f, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%+v is taken: %v", f, config)
		}
	}
	config, err := tlsOf(&serveFlags{tlsCert: p.cert, tlsKey: p.key}, slog.New(slog.DiscardHandler))
	if err != nil || config.MinVersion != tls.VersionTLS12 || config.ClientAuth != tls.NoClientCert {
		t.Errorf("%+v %v", config, err)
	}
	all, err := listen(t.Context(), &serveFlags{listen: []string{"127.0.0.1:0", "unix:" + filepath.Join(t.TempDir(), "s")}, socketMode: "0600", tlsCert: p.cert, connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer all.close()
	if !all.loopback() || all.readable() || all[0].url != "https://"+all[0].Addr().String() || all.url() != all[1].url || all.names() != all[0].url+" and "+all[1].url {
		t.Errorf("%+v", all)
	}
}
