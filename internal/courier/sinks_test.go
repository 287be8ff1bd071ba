// SPDX-License-Identifier: Apache-2.0

package courier_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/courier"
)

// collector takes syslog. It reads a connection to its end, unless breaks says that it dies after so many bytes.
type collector struct {
	mu     sync.Mutex
	got    []string // messages of connections that were read to their end
	breaks []int64
	opened int
}

func (c *collector) serve(t *testing.T, l net.Listener) {
	t.Helper()
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.take(t, conn)
		}
	}()
}

func (c *collector) take(t *testing.T, conn net.Conn) {
	defer conn.Close()
	c.mu.Lock()
	c.opened++
	limit := int64(-1)
	if len(c.breaks) > 0 {
		limit, c.breaks = c.breaks[0], c.breaks[1:]
	}
	c.mu.Unlock()
	if limit >= 0 {
		_, _ = io.CopyN(io.Discard, conn, limit)
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, as of a process that died
		}
		return
	}
	list, err := frames(conn)
	if err != nil {
		t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, list...)
}

func (c *collector) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.got...)
}

// frames reads messages by their lengths (RFC 6587, section 3.4.1).
func frames(from io.Reader) (list []string, err error) {
	r := bufio.NewReader(from)
	for {
		length, err := r.ReadString(' ')
		if err == io.EOF && length == "" {
			return list, nil
		}
		n, err2 := strconv.Atoi(strings.TrimSuffix(length, " "))
		if err != nil || err2 != nil {
			return list, err2
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return list, err
		}
		list = append(list, string(b))
	}
}

var rfc5424 = regexp.MustCompile(`^<110>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) siem-test keywright - ([a-z_.]+) \[meta sequenceId="(\d+)"\]\[origin software="keywright"\] ` + "\ufeff" + `(\{.*\})$`)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Over a connection that breaks again and again, syslog gets every event in its order.
func TestSyslogInOrder(t *testing.T) {
	c := &collector{breaks: []int64{0, 1, 700, 2000}}
	l := listen(t)
	c.serve(t, l)
	a, ahead := over(t, memory(t), courier.Options{AllowHTTP: true, Networks: loopback, Host: "siem-test"})
	for range 20 {
		issue(t, a)
	}
	create(t, a, authority.EndpointRequest{Kind: authority.ExportSyslog, URL: "tcp://" + l.Addr().String(), FromStart: true})
	eventually(t, func() bool {
		ahead.Add(int64(time.Second))
		return len(c.all()) >= 23
	})
	last := uint64(0)
	for _, m := range c.all() {
		parts := rfc5424.FindStringSubmatch(m)
		if parts == nil {
			t.Fatalf("not RFC 5424: %q", m)
		}
		e := eventOf(t, parts[4])
		if e.Sequence != last+1 || parts[3] != strconv.FormatUint(e.Sequence, 10) || parts[2] != e.Verb {
			t.Fatalf("event %d comes behind %d: %q", e.Sequence, last, m)
		}
		last = e.Sequence
	}
	if c.opened < 5 {
		t.Errorf("%d connections", c.opened)
	}
}

// Over TLS the certificate must be good, and what was read to its end is taken.
func TestSyslogOverTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	c := &collector{}
	l := listen(t)
	c.serve(t, tls.NewListener(l, &tls.Config{Certificates: s.TLS.Certificates}))
	a, _ := over(t, memory(t), courier.Options{Networks: loopback, Host: "siem-test", TLS: &tls.Config{RootCAs: pool, ServerName: "example.com"}})
	id := create(t, a, authority.EndpointRequest{Kind: authority.ExportSyslog, URL: "tls://" + l.Addr().String(), Verbs: []string{"key.issue"}}).Endpoint.ID
	issue(t, a)
	eventually(t, func() bool { return len(c.all()) == 1 })
	if m := c.all()[0]; !rfc5424.MatchString(m) || !strings.Contains(m, " key.issue ") {
		t.Errorf("%q", m)
	}
	if _, err := a.TestEndpoint(ctx, admin, id); err != nil {
		t.Error(err)
	}
	url := "tcp://" + l.Addr().String()
	if _, err := a.UpdateEndpoint(ctx, admin, id, authority.EndpointPatch{URL: &url}); err == nil {
		t.Error("a URL without TLS is taken")
	}
}

// A receiver that keeps the connection open has not said that it read everything.
func TestSyslogThatDoesNotClose(t *testing.T) {
	l := listen(t)
	t.Cleanup(func() { _ = l.Close() })
	kept := make(chan net.Conn, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			kept <- conn
		}
	}()
	k := courier.New(courier.Options{AllowHTTP: true, Networks: loopback, Timeout: 200 * time.Millisecond})
	_, err := k.Send(ctx, authority.Dispatch{Endpoint: authority.Endpoint{Kind: authority.ExportSyslog, URL: "tcp://" + l.Addr().String()}, Time: time.Now()})
	if err == nil || !strings.Contains(err.Error(), "did not close") {
		t.Error(err)
	}
	_ = (<-kept).Close()
}

// Events are appended to a file of the folder: begun anew when it was moved away, and behind a line that was cut off.
func TestAFileOfEvents(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "events.jsonl")
	a, ahead := over(t, memory(t), courier.Options{Folder: folder})
	id := create(t, a, authority.EndpointRequest{Kind: authority.ExportFile, URL: "file:events.jsonl", FromStart: true}).Endpoint.ID
	behind := func() bool { s, err := a.Endpoint(admin, id); return err == nil && s.Behind == 0 && s.Cursor > 0 }
	issue(t, a)
	read := func(n int) (sequences []uint64) {
		t.Helper()
		eventually(t, func() bool {
			text, _ := os.ReadFile(path)
			return strings.Count(string(text), "\n") >= n && behind()
		})
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			sequences = append(sequences, eventOf(t, line).Sequence)
		}
		return sequences
	}
	first := read(4)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	issue(t, a)
	if second := read(1); second[0] != first[len(first)-1]+1 {
		t.Errorf("%v, after it was rotated %v", first, second)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(`{"sequence":6,"cut o`)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	issue(t, a)
	if all := read(2); len(all) != 2 || all[1] != all[0]+1 {
		t.Errorf("behind a line that was cut off: %v", all)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	issue(t, a)
	eventually(t, func() bool {
		s, _ := a.Endpoint(admin, id)
		return s.LastProblem == "the folder for exports cannot be opened"
	})
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	ahead.Store(int64(time.Minute))
	read(1)
}

// A file outside of the folder is not written, not even through a link.
func TestAFileElsewhere(t *testing.T) {
	folder, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.Symlink(outside, filepath.Join(folder, "events.jsonl")); err != nil {
		t.Skip(err)
	}
	k := courier.New(courier.Options{Folder: folder})
	for _, url := range []string{"file:events.jsonl", "file:../secret", "file:" + outside} {
		_, err := k.Send(ctx, authority.Dispatch{Endpoint: authority.Endpoint{Kind: authority.ExportFile, URL: url}})
		if err == nil {
			t.Errorf("%s is written", url)
		}
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a file outside of the folder was made")
	}
	if err := courier.New(courier.Options{}).Check(authority.ExportFile, "file:events.jsonl"); err == nil {
		t.Error("there is no folder, and a file is taken")
	}
}
