// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writePair makes a certificate for this machine and writes it in PEM.
func writePair(t *testing.T, dir string, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: privateDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestTLS serves TLS, and a renewed certificate without a restart; half of a renewal leaves the old one.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := writePair(t, dir, 1)
	pair := &certificate{certFile: cert, keyFile: key}
	serial := func() int64 {
		t.Helper()
		pair.looked = time.Time{} // as if time had passed
		got, err := pair.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(got.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Errorf("certificate %d", n)
	}
	writePair(t, dir, 2)
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(cert, later, later); err != nil {
		t.Fatal(err)
	}
	if n := serial(); n != 2 {
		t.Errorf("certificate %d after a renewal", n)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(cert, later, later.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n := serial(); n != 2 {
		t.Errorf("certificate %d in the middle of a renewal", n)
	}

	cert, key = writePair(t, dir, 3)
	d, err := listen(t.Context(), &serveFlags{listen: "127.0.0.1:0", tlsCert: cert, tlsKey: key})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if !d.loopback || !d.tls || d.url != "https://"+d.Addr().String() {
		t.Errorf("%+v", d)
	}
	go func() {
		c, err := d.Accept()
		if err == nil {
			_, _ = c.Write([]byte("hello"))
			_ = c.Close()
		}
	}()
	c, err := tls.Dial("tcp", d.Addr().String(), &tls.Config{InsecureSkipVerify: true}) // the test is its own authority
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if n := c.ConnectionState().PeerCertificates[0].SerialNumber.Int64(); n != 3 {
		t.Errorf("certificate %d on the wire", n)
	}
}
