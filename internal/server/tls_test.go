// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// papers are a CA and what it signs.
type papers struct {
	*testing.T
	ca    *x509.Certificate
	key   *ecdsa.PrivateKey
	roots *x509.CertPool
}

func newPapers(t *testing.T) *papers {
	p := &papers{T: t, roots: x509.NewCertPool()}
	made := p.sign("ca")
	p.ca, p.key = made.Leaf, made.PrivateKey.(*ecdsa.PrivateKey)
	p.roots.AddCert(p.ca)
	return p
}

// sign makes a certificate. The first is that of the CA itself.
func (p *papers) sign(name string) tls.Certificate {
	p.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: p.ca == nil, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := p.ca, p.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		p.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		p.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// serve makes a house that serves TLS, at its url.
func (p *papers) serve(change ...func(*Options)) (h *house, stop func() error) {
	p.Helper()
	h = newHouse(p.T, append([]func(*Options){func(o *Options) {
		o.TLS = &tls.Config{
			Certificates: []tls.Certificate{p.sign("server")}, NextProtos: []string{"h2", "http/1.1"},
			ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: p.roots,
		}
	}}, change...)...)
	address, stop := h.run()
	h.url = "https://" + address
	return h, stop
}

// client trusts the CA and shows certificates, where there are any.
func (p *papers) client(http2 bool, certificates ...tls.Certificate) *http.Client {
	t := &http.Transport{ForceAttemptHTTP2: http2, TLSClientConfig: &tls.Config{RootCAs: p.roots, Certificates: certificates}}
	p.Cleanup(t.CloseIdleConnections)
	return &http.Client{Transport: t}
}

// by sends with a client of its own.
func (h *house) by(c *http.Client, method, path, key, body string, headers ...string) answer {
	h.Helper()
	r, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("Content-Type", api.MediaJSON)
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		h.Fatal(err)
	}
	return answer{response, string(b)}
}

// TestHSTS is said over TLS, by every kind of answer, and never over plain HTTP.
func TestHSTS(t *testing.T) {
	p := newPapers(t)
	h, _ := p.serve()
	quiet, _ := p.serve(func(o *Options) { o.NoHSTS = true })
	plain := newHouse(t)
	for _, path := range []string{"/livez", "/docs", "/nowhere", "/v1/keys", api.PathVerify} {
		method := "GET"
		if path == api.PathVerify {
			method = "POST"
		}
		for _, c := range []struct {
			h      *house
			client *http.Client
			want   string
		}{
			{h, p.client(false), "max-age=31536000"},
			{h, p.client(true), "max-age=31536000"},
			{quiet, p.client(true), ""},
			{plain, http.DefaultClient, ""},
		} {
			for _, key := range []string{"", c.h.root} {
				a := c.h.by(c.client, method, path, key, "", "X-Forwarded-Proto", "https")
				if got := a.Header.Get("Strict-Transport-Security"); got != c.want {
					t.Errorf("%s %s: %q, want %q", c.h.url, path, got, c.want)
				}
			}
		}
	}
}

// TestClientCertificates walks through the table: who manages keys needs a certificate and a service key, who only asks
// about them a service key alone.
func TestClientCertificates(t *testing.T) {
	p := newPapers(t)
	h, _ := p.serve(func(o *Options) { o.ClientCertificates = true })
	name := "ops\n\x1b[31m" + strings.Repeat("n", 100)
	bare, shown := p.client(true), p.client(true, p.sign(name))
	demanded := 0
	for pattern, row := range table {
		method, route, ok := strings.Cut(pattern, " ")
		if !ok {
			method, route = "POST", pattern
		}
		path := strings.NewReplacer("{id}", "x", "{name}", "x", "{$}", "").Replace(route)
		if row.anyone || row.certless {
			if a := h.by(bare, method, path, h.root, bodies[pattern]); a.StatusCode == 403 && strings.Contains(a.body, string(api.ClientCertificateRequired)) {
				t.Errorf("%s: %s", pattern, a.body)
			}
			continue
		}
		demanded++
		h.wantProblem(h.by(bare, method, path, h.root, bodies[pattern]), api.ClientCertificateRequired)
		h.wantProblem(h.by(shown, method, path, "", bodies[pattern]), api.Unauthenticated)
	}
	if demanded < len(table)/2 {
		t.Errorf("%d routes of %d demand a certificate", demanded, len(table))
	}
	h.want(h.by(shown, "GET", "/v1/keys", h.root, ""), 200, nil)
	if log := h.log.String(); !strings.Contains(log, `"client":"ops??[31m`+strings.Repeat("n", 64-9)+`"`) {
		t.Errorf("the log does not tell whose certificate it was, within bounds: %.2000s", log)
	}
	key, _ := h.key(authority.IssueRequest{})
	h.want(h.by(bare, "POST", api.PathVerify, h.serviceKey(authority.Rules{}, authority.ScopeVerify), encode(map[string]string{"key": key, "keyspace": "default"})), 200, nil)
	if _, err := p.client(true, newPapers(t).sign("stranger")).Get(h.url + "/livez"); err == nil {
		t.Error("a certificate of another CA is taken")
	}
	// Without TLS there is no certificate: over a socket, or where TLS was forgotten.
	plain := newHouse(t, func(o *Options) { o.ClientCertificates = true })
	plain.wantProblem(plain.send("GET", "/v1/keys", plain.root, ""), api.ClientCertificateRequired)
}

// TestHTTP2 does over HTTP/2 what is particular there: streams both ways, bodies left unread, backups.
func TestHTTP2(t *testing.T) {
	p := newPapers(t)
	h, stop := p.serve(func(o *Options) { o.Drain, o.ReadTimeout = 200*time.Millisecond, 2*time.Second })
	client := p.client(true)
	key, _ := h.key(authority.IssueRequest{})
	ask := encode(map[string]string{"key": key, "keyspace": "default"})
	if a := h.by(client, "POST", api.PathVerify, h.root, ask); a.ProtoMajor != 2 || !strings.Contains(a.body, `"VALID"`) {
		t.Fatalf("%s %s", a.Proto, a.body)
	}
	for _, path := range []string{api.PathVerify, "/v1/keys", "/v1/revoke-self"} {
		if a := h.by(client, "POST", path, h.root, `{"key":"`+strings.Repeat("x", 2<<20)+`"}`); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	a := h.by(client, "POST", api.PathImport+"?keyspace=default", h.root, strings.Repeat(`{"hash":"x"}`+"\n", 5000), "Content-Type", api.MediaLines)
	if a.StatusCode != 200 || strings.Count(a.body, "\n") < 5000 {
		t.Errorf("import: %s with %d lines", a.Status, strings.Count(a.body, "\n"))
	}
	if a := h.by(client, "GET", api.PathBackup, h.root, ""); a.StatusCode != 200 || len(a.body) < 100 {
		t.Errorf("backup: %s", a.Status)
	}
	response, lines, answers := h.openBatch(client, ask)
	defer response.Body.Close()
	for i := range 4 { // an answer to each line before the next is sent, though it takes longer than a request may
		if i > 0 {
			lines.say(ask + "\n")
		}
		if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, `"VALID"`) {
			t.Fatalf("%v %s", err, line)
		}
		time.Sleep(800 * time.Millisecond)
	}
	// The end: who asks now is told to go, and the stream ends well.
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	time.Sleep(500 * time.Millisecond)
	if _, err := p.client(true).Get(h.url + "/livez"); err == nil {
		t.Error("a new connection is served after the drain")
	}
	lines.say(ask + "\n")
	lines.end()
	if rest, err := io.ReadAll(answers); err != nil || !strings.Contains(string(rest), `"VALID"`) {
		t.Errorf("%v %s", err, rest)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// openBatch begins a stream of verifications with an ask: the headers of the answer come with its first line.
func (h *house) openBatch(client *http.Client, ask string) (*http.Response, pipe, *bufio.Reader) {
	h.Helper()
	lines := newPipe()
	r, err := http.NewRequest("POST", h.url+api.PathVerifyBatch, lines)
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.root)
	r.Header.Set("Content-Type", api.MediaLines)
	go lines.say(ask + "\n")
	response, err := client.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	if response.StatusCode != 200 {
		h.Fatalf("%s", response.Status)
	}
	return response, lines, bufio.NewReader(response.Body)
}

// TestHTTP2WithoutTLS is spoken only where it is asked for.
func TestHTTP2WithoutTLS(t *testing.T) {
	for _, on := range []bool{false, true} {
		h := newHouse(t, func(o *Options) { o.UnencryptedHTTP2 = on })
		address, _ := h.run()
		h.url = "http://" + address
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetUnencryptedHTTP2(true)
		response, err := (&http.Client{Transport: transport}).Get(h.url + "/livez")
		if (err == nil) != on {
			t.Errorf("%v: %v", on, err)
		}
		if err == nil {
			_ = response.Body.Close()
			if response.ProtoMajor != 2 || response.Header.Get("Strict-Transport-Security") != "" {
				t.Errorf("%s %v", response.Proto, response.Header)
			}
		}
		transport.CloseIdleConnections()
		h.want(h.send("GET", "/livez", "", ""), 200, nil)
	}
}
