// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/webhook"
)

var local = webhook.Guard{AllowHTTP: true, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

func signing(t testing.TB) []webhook.Key {
	t.Helper()
	k, err := webhook.ParseKey(keywright.NewSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
	if err != nil {
		t.Fatal(err)
	}
	return []webhook.Key{k}
}

func post(t testing.TB, d *webhook.Deliverer, to string) (webhook.Answer, error) {
	t.Helper()
	return d.Deliver(context.Background(), webhook.Message{URL: to, ID: "evt_1", Time: time.Now(), Body: []byte("{}"), Keys: signing(t)})
}

// wantProblem looks for an error that says this, and nothing of the URL.
func wantProblem(t testing.TB, err error, problem string) {
	t.Helper()
	var d *webhook.DeliveryError
	if !errors.As(err, &d) || !strings.Contains(d.Problem, problem) || strings.Contains(d.Problem, "canary") {
		t.Errorf("%v, want %q", err, problem)
	}
}

func serve(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

func TestAddressesThatAreNotPublic(t *testing.T) {
	for _, text := range []string{
		"0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
		"2002:7f00:1::", "2002:a9fe:a9fe::1", "2001::1", "2001:db8::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "5f00::1", "3fff::1", "4000::1",
		"2606:4700::1%eth0",
	} {
		if (webhook.Guard{}).Allows(netip.MustParseAddr(text)) {
			t.Errorf("%s is connected to", text)
		}
	}
	for _, text := range []string{"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.32.0.1", "169.253.1.1", "::ffff:8.8.8.8", "2606:4700::1", "2a00:1450::1"} {
		if !(webhook.Guard{}).Allows(netip.MustParseAddr(text)) {
			t.Errorf("%s is not connected to", text)
		}
	}
	g := webhook.Guard{Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
	for text, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "127.0.0.1": false} {
		if g.Allows(netip.MustParseAddr(text)) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}

func TestURLsThatAreNotPostedTo(t *testing.T) {
	strict, open := webhook.NewDeliverer(webhook.DelivererOptions{}), webhook.NewDeliverer(webhook.DelivererOptions{Guard: webhook.Guard{AllowHTTP: true}})
	for _, text := range []string{
		"http://hooks.example.com", "https://user@hooks.example.com", "ftp://hooks.example.com", "https://", "https://127.0.0.1/canary", "https://[::1]/canary",
		"https://[::ffff:169.254.169.254]/", "https://localhost/", "https://a.LOCALHOST./", "file:///etc/passwd", "https://10.0.0.1:8443/",
	} {
		if err := strict.Check(text); err == nil {
			t.Errorf("%s passes", text)
		}
	}
	if err := strict.Check("https://hooks.example.com:8443/x?y=z"); err != nil {
		t.Error(err)
	}
	if err := open.Check("http://hooks.example.com"); err != nil {
		t.Error(err)
	}
	_, err := post(t, strict, "http://hooks.example.com/canary")
	wantProblem(t, err, "https")
}

// names is a server of names that answers every question for IPv4 with one address.
func names(t testing.TB, address func() [4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		question := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(question)
			if err != nil {
				return
			}
			end := 12
			for end < n && question[end] != 0 {
				end += int(question[end]) + 1
			}
			end += 5 // the zero, type and class
			answer := append([]byte{}, question[:end]...)
			answer[2], answer[3] = 0x81, 0x80
			binary.BigEndian.PutUint16(answer[8:], 0)
			binary.BigEndian.PutUint16(answer[10:], 0)
			if binary.BigEndian.Uint16(question[end-4:]) == 1 {
				binary.BigEndian.PutUint16(answer[6:], 1)
				a := address()
				answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, a[0], a[1], a[2], a[3])
			}
			_, _ = conn.WriteTo(answer, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// A name that stands for an address of this network is refused when it is connected to, however harmless it looked before.
func TestANameThatTurnsInward(t *testing.T) {
	var reached atomic.Bool
	s := serve(t, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	port := s.Listener.Addr().(*net.TCPAddr).Port
	var asked atomic.Int32
	r := names(t, func() [4]byte { asked.Add(1); return [4]byte{127, 0, 0, 1} })
	to := fmt.Sprintf("http://hooks.example.com:%d/canary", port)
	d := webhook.NewDeliverer(webhook.DelivererOptions{Guard: webhook.Guard{AllowHTTP: true}, Resolver: r})
	if err := d.Check(to); err != nil {
		t.Fatal(err)
	}
	_, err := post(t, d, to)
	wantProblem(t, err, "not public")
	if reached.Load() || asked.Load() == 0 {
		t.Errorf("reached %v, asked %d times", reached.Load(), asked.Load())
	}
	allowed := webhook.NewDeliverer(webhook.DelivererOptions{Guard: local, Resolver: r})
	if _, err := post(t, allowed, to); err != nil || !reached.Load() {
		t.Errorf("an address that is allowed: %v", err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var followed atomic.Bool
	inner := serve(t, func(http.ResponseWriter, *http.Request) { followed.Store(true) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		outer := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner.URL, status) })
		a, err := post(t, webhook.NewDeliverer(webhook.DelivererOptions{Guard: local}), outer.URL)
		if wantProblem(t, err, "redirects are not followed"); a.Status != status {
			t.Errorf("status %d, want %d", a.Status, status)
		}
	}
	if followed.Load() {
		t.Error("a redirect was followed")
	}
}

// Proxies of the environment would connect in our place, past the guard.
func TestNoProxyIsTaken(t *testing.T) {
	var asked atomic.Bool
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { asked.Store(true) })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	_, err := post(t, webhook.NewDeliverer(webhook.DelivererOptions{
		Guard: local, Resolver: names(t, func() [4]byte { return [4]byte{10, 0, 0, 1} }),
	}), "http://hooks.example.com/")
	if wantProblem(t, err, "not public"); asked.Load() {
		t.Error("the proxy was asked")
	}
}

func TestAnswersThatAreNoAnswer(t *testing.T) {
	d := webhook.NewDeliverer(webhook.DelivererOptions{Guard: local, Timeout: 300 * time.Millisecond})
	free := make(chan struct{})
	defer close(free) // before the servers are closed, which wait
	for problem, handler := range map[string]http.HandlerFunc{
		"in time": func(http.ResponseWriter, *http.Request) { <-free },
		"broke": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		},
		"answered 503": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(503)
			_, _ = w.Write([]byte("canary"))
		},
		"connection": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 1<<20)) },
	} {
		began := time.Now()
		a, err := post(t, d, serve(t, handler).URL+"/canary")
		wantProblem(t, err, problem)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s took %s", problem, took)
		}
		if a.Status == 503 && a.RetryAfter != 2*time.Minute {
			t.Errorf("%+v", a)
		}
	}
	if _, err := post(t, d, "http://127.0.0.1:1/canary"); err == nil {
		t.Error("nobody took it")
	} else {
		wantProblem(t, err, "could not be connected")
	}
}

// A body without an end is read no further than MaxAnswer.
func TestALongAnswer(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	began := time.Now()
	if _, err := post(t, webhook.NewDeliverer(webhook.DelivererOptions{Guard: local}), s.URL); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

// TLS that nobody vouches for is not taken.
func TestACertificateOfNobody(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was posted") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	_, err := post(t, webhook.NewDeliverer(webhook.DelivererOptions{Guard: local}), s.URL)
	wantProblem(t, err, "certificate")
}
