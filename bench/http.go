// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

const (
	connections = 16
	roundTime   = 2 * time.Second
	rounds      = 9
)

// overHTTP asks a server with a million keys over POST /v1/verify, and a bare net/http handler that reads and writes
// JSON of the same sizes. Each server is a process with one core; the load comes from the other. What counts is the
// processor time of the server for each request.
func overHTTP() error {
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
	service, err := serviceKey(ctx, dir)
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	ours, err := startChild("ours", dir)
	if err != nil {
		return err
	}
	defer ours.stop()
	floor, err := startChild("floor", dir)
	if err != nil {
		return err
	}
	defer floor.stop()
	request := func(key keywright.Secret) []byte {
		body := fmt.Sprintf(`{"key":%q,"keyspace":"default","environment":"live","scopes":["invoices:read"]}`, key.Reveal())
		return fmt.Appendf(nil, "POST /v1/verify HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			service.Reveal(), len(body), body)
	}
	var ratio, a, b spread
	for round := range rounds + 1 {
		x, err := ours.load(keys, request)
		if err != nil {
			return err
		}
		y, err := floor.load(keys, request)
		if err != nil {
			return err
		}
		if round > 0 {
			a, b, ratio = append(a, x), append(b, y), append(ratio, x/y)
		}
	}
	fmt.Printf("POST /v1/verify with a service key, %d connections: %.1f µs of processor time a request\n", connections, a.median())
	fmt.Printf("floor: a bare handler with encoding/json in and out: %.1f µs\n", b.median())
	fmt.Printf("ratio to the floor: %s (aim: at most 1.15)\n", ratio)
	return nil
}

// serviceKey issues a key that may verify.
func serviceKey(ctx context.Context, dir string) (keywright.Secret, error) {
	a, done, err := openWarm(ctx, dir)
	if err != nil {
		return keywright.Secret{}, err
	}
	defer done()
	issued, err := a.Issue(ctx, authority.Operator("bench", authority.Origin{}), authority.IssueRequest{
		Keyspace: authority.ReservedKeyspace, Scopes: []string{authority.ScopeVerify},
	})
	return issued.Key, err
}

// A child is a server in a process of its own.
type child struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	address string
	process string // the process that serves, if it is not cmd itself
}

func startChild(kind, dir string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := append(firstCore(), self, "serve", kind, dir)
	c := &child{cmd: exec.Command(args[0], args[1:]...)}
	c.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	c.address, err = c.start()
	return c, err
}

// firstCore is the beginning of a command that runs on one core alone, or nothing where that cannot be.
func firstCore() []string {
	if path, err := exec.LookPath("taskset"); err == nil && runtime.NumCPU() > 1 {
		return []string{path, "-c", "0"}
	}
	return nil
}

// start starts the process, and returns the first line that it writes.
func (c *child) start() (line string, err error) {
	c.cmd.Stderr = os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return "", err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := c.cmd.Start(); err != nil {
		return "", err
	}
	line, err = bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(line), err
}

func (c *child) stop() {
	_ = c.stdin.Close()
	_ = c.cmd.Wait()
}

// cpu is what the child has used of its processor.
func (c *child) cpu() (time.Duration, error) {
	if c.process != "" {
		return processorTime(c.process)
	}
	return processorTime(strconv.Itoa(c.cmd.Process.Pid))
}

// load asks for one round and returns the microseconds of processor time of one request.
func (c *child) load(keys []keywright.Secret, request func(keywright.Secret) []byte) (float64, error) {
	var done atomic.Int64
	var wait sync.WaitGroup
	var failed atomic.Pointer[error]
	from, err := c.cpu()
	if err != nil {
		return 0, err
	}
	end := time.Now().Add(roundTime)
	for i := range connections {
		wait.Go(func() {
			n, err := c.ask(keys, i, end, request)
			done.Add(int64(n))
			if err != nil {
				failed.Store(&err)
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	to, err := c.cpu()
	return float64((to - from).Microseconds()) / float64(done.Load()), err
}

// ask sends requests over one connection until the end.
func (c *child) ask(keys []keywright.Secret, place int, end time.Time, request func(keywright.Secret) []byte) (n int, err error) {
	conn, err := net.Dial("tcp", c.address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for ; time.Now().Before(end); n++ {
		key := keys[(place*7919+n*104729)%len(keys)]
		if _, err := conn.Write(request(key)); err != nil {
			return n, err
		}
		if err := readAnswer(r); err != nil {
			return n, err
		}
	}
	return n, nil
}

// readAnswer reads a response with a length and checks that the key was valid.
func readAnswer(r *bufio.Reader) error {
	status, length, err := readHead(r)
	if err != nil {
		return err
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return err
	}
	if !strings.Contains(status, " 200 ") || !bytes.Contains(body, []byte(`"code":"VALID"`)) {
		return fmt.Errorf("got %s %s", strings.TrimSpace(status), body)
	}
	return nil
}

// readHead reads the status line of a response and its header, and returns the length of its body.
func readHead(r *bufio.Reader) (status string, length int, err error) {
	if status, err = r.ReadString('\n'); err != nil {
		return "", 0, err
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == "\r\n" {
			return status, length, err
		}
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return status, 0, err
			}
		}
	}
}
