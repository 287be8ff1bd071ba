// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
)

// forwardConfig is an nginx with three ways to one small file: without a question, asking a server of its own that
// answers 204 whatever it is asked, and asking Keywright. Both questions go over connections that stay open.
const forwardConfig = `daemon off;
master_process off;
pid DIR/pid;
error_log stderr crit;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path DIR/t1; proxy_temp_path DIR/t2; fastcgi_temp_path DIR/t3; uwsgi_temp_path DIR/t4; scgi_temp_path DIR/t5;
    keepalive_requests 100000000;
    upstream ours  { server OURS; keepalive 64; keepalive_requests 100000000; }
    upstream floor { server FLOOR; keepalive 64; keepalive_requests 100000000; }
    server { listen FLOOR; location / { return 204; } }
    server {
        listen LISTEN;
        root DIR;
        proxy_http_version 1.1;
        proxy_pass_request_body off;
        proxy_set_header Connection "";
        proxy_set_header Content-Length "";
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Original-URI    $request_uri;
        proxy_set_header X-Forwarded-For   $remote_addr;
        location /open/  { alias DIR/; }
        location /floor/ { alias DIR/; auth_request /ask-floor; }
        location /ours/  { alias DIR/; auth_request /ask-ours; auth_request_set $owner $upstream_http_x_keywright_owner; }
        location = /ask-floor { internal; proxy_pass http://floor/v1/auth/default?environment=live&limited=403&scopes=invoices:read; }
        location = /ask-ours  { internal; proxy_pass http://ours/v1/auth/default?environment=live&limited=403&scopes=invoices:read; }
    }
}
`

// ways are those of forwardConfig.
var ways = []string{"open", "floor", "ours"}

// forward asks a server with a million keys through nginx, by auth_request, beside the same nginx whose question is
// answered by itself. What counts is the time that a request takes longer, and the processor time of all servers for it.
func forward() error {
	program, err := exec.LookPath("nginx")
	if err != nil {
		fmt.Println("nginx is not installed: left out")
		return nil
	}
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "keywright-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	keys, err := issueMillion(ctx, dir)
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	ours, err := startChild("ours", dir)
	if err != nil {
		return err
	}
	defer ours.stop()
	proxy, err := startNginx(program, ours.address)
	if err != nil {
		return err
	}
	defer proxy.stop()
	processes := []*child{proxy, ours}
	latency, cpu := map[string]spread{}, map[string]spread{}
	for round := range rounds + 1 {
		for _, way := range ways {
			l := loader{keys: keys, address: proxy.address, way: way}
			alone, err := l.load(1, processes)
			if err != nil {
				return err
			}
			many, err := l.load(connections, processes)
			if err != nil {
				return err
			}
			if round > 0 {
				latency[way], cpu[way] = append(latency[way], alone.median), append(cpu[way], many.cpu)
			}
		}
	}
	for _, way := range ways {
		fmt.Printf("%-5s one at a time: %s µs (median of requests) · %d connections: %s µs of processor time, nginx and Keywright together\n",
			way, latency[way], connections, cpu[way])
	}
	fmt.Printf("a question to Keywright adds %.0f µs and %.1f µs of processor time; one that nginx answers itself %.0f µs and %.1f µs\n",
		latency["ours"].median()-latency["open"].median(), cpu["ours"].median()-cpu["open"].median(),
		latency["floor"].median()-latency["open"].median(), cpu["floor"].median()-cpu["open"].median())
	return nil
}

// startNginx starts it on the core of the server, and waits until it listens.
func startNginx(program, ours string) (*child, error) {
	dir, err := os.MkdirTemp("", "keywright-nginx")
	if err != nil {
		return nil, err
	}
	var addresses [2]string
	for i := range addresses {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		addresses[i] = l.Addr().String()
		_ = l.Close()
	}
	config := strings.NewReplacer("DIR", dir, "OURS", ours, "FLOOR", addresses[0], "LISTEN", addresses[1]).Replace(forwardConfig)
	for name, text := range map[string]string{"nginx.conf": config, "file": "ok"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	// It ends when this process does, however that ends: then its input ends.
	script := `"$@" & echo $!; p=$!; cat >/dev/null; kill "$p"; wait "$p"; rm -rf "$0"`
	args := []string{"-c", script, dir, program, "-e", "stderr", "-p", dir, "-c", filepath.Join(dir, "nginx.conf")}
	args = slices.Insert(args, 3, firstCore()...)
	c := &child{cmd: exec.Command("sh", args...), address: addresses[1]}
	if c.process, err = c.start(); err != nil {
		return nil, err
	}
	for range 500 {
		if conn, err := net.Dial("tcp", c.address); err == nil {
			return c, conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, fmt.Errorf("nginx does not listen")
}

// A loader asks for one file in one way.
type loader struct {
	keys    []keywright.Secret
	address string
	way     string
}

// loaded is how a round came out, in microseconds.
type loaded struct{ median, cpu float64 }

func (l *loader) load(clients int, processes []*child) (r loaded, err error) {
	used := func() (sum time.Duration, err error) {
		for _, p := range processes {
			d, err := p.cpu()
			if err != nil {
				return 0, err
			}
			sum += d
		}
		return sum, nil
	}
	from, err := used()
	if err != nil {
		return r, err
	}
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	times := make([][]float64, clients)
	end := time.Now().Add(roundTime / 2)
	for i := range clients {
		wait.Go(func() {
			if err := l.ask(i, end, &times[i]); err != nil {
				failed.Store(&err)
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return r, *err
	}
	to, err := used()
	all := slices.Concat(times...)
	return loaded{spread(all).median(), float64((to - from).Microseconds()) / float64(len(all))}, err
}

func (l *loader) ask(place int, end time.Time, took *[]float64) error {
	conn, err := net.Dial("tcp", l.address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for n := 0; time.Now().Before(end); n++ {
		key := l.keys[(place*7919+n*104729)%len(l.keys)]
		start := time.Now()
		if _, err := fmt.Fprintf(conn, "GET /%s/file HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", l.way, key.Reveal()); err != nil {
			return err
		}
		if err := readFile(r); err != nil {
			return err
		}
		*took = append(*took, float64(time.Since(start).Nanoseconds())/1e3)
	}
	return nil
}

// readFile reads an answer with the small file.
func readFile(r *bufio.Reader) error {
	status, length, err := readHead(r)
	if err != nil || !strings.Contains(status, " 200 ") {
		return fmt.Errorf("got %q: %w", status, err)
	}
	_, err = r.Discard(length)
	return err
}
