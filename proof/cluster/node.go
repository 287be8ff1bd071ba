// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/postgrestest"
)

// A Node is a process of the binary, with a network of its own to PostgreSQL.
type Node struct {
	Index   int
	URL     string
	network *proxy
	binary  string
	address string
	folder  string
	flags   []string
	http    *http.Client
	key     string

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{}
}

// A Cluster is a PostgreSQL and the nodes over it.
type Cluster struct {
	Nodes    []*Node
	Key      keywright.Secret // the first service key
	Database *postgrestest.Standing
	folder   string
	mu       sync.Mutex
	target   string // where the proxies go
}

const (
	database = "keywright"
	rootKey  = "root.key"
)

// Options say how a cluster is made.
type Options struct {
	Nodes int
	Flags []string // of keywright serve, besides where things are
}

// Start builds the binary and starts everything; all nodes at about the same time, and over an empty store.
func Start(ctx context.Context, o Options) (c *Cluster, err error) {
	c = &Cluster{}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Stop())
		}
	}()
	if c.folder, err = os.MkdirTemp("", "keywright-cluster-"); err != nil {
		return c, err
	}
	binary := filepath.Join(c.folder, "keywright")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/keywright/keywright/cmd/keywright").CombinedOutput(); err != nil {
		return c, fmt.Errorf("go build: %w: %s", err, out)
	}
	if c.Database, err = postgrestest.Start(); err != nil {
		return c, err
	}
	c.target = c.Database.Address()
	if err := c.Database.Execute(ctx, "postgres", "CREATE DATABASE "+database); err != nil {
		return c, err
	}
	for i := range o.Nodes {
		n, err := c.newNode(i, binary, o.Flags)
		if err != nil {
			return c, err
		}
		c.Nodes = append(c.Nodes, n)
	}
	for i, n := range c.Nodes {
		if err := n.Start(); err != nil {
			return c, err
		}
		if i == 0 { // the root key, which an operator would hand to all of them
			if err := n.waitFile(filepath.Join(c.folder, rootKey)); err != nil {
				return c, err
			}
		}
	}
	for _, n := range c.Nodes {
		if err := n.WaitReady(ctx, time.Minute); err != nil {
			return c, err
		}
	}
	return c, c.firstKey()
}

func (c *Cluster) newNode(i int, binary string, flags []string) (n *Node, err error) {
	n = &Node{Index: i, binary: binary, folder: filepath.Join(c.folder, "node"+strconv.Itoa(i))}
	n.http = &http.Client{Transport: &http.Transport{MaxIdleConns: 500, MaxIdleConnsPerHost: 500}}
	if err := os.MkdirAll(n.folder, 0o700); err != nil {
		return n, err
	}
	if n.network, err = newProxy(c.server); err != nil {
		return n, err
	}
	port, err := freePort()
	if err != nil {
		return n, err
	}
	n.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	n.URL = "http://" + n.address
	url := filepath.Join(n.folder, "database-url")
	if err := os.WriteFile(url, []byte(c.Database.Through(n.network.port(), database)), 0o600); err != nil {
		return n, err
	}
	n.flags = append([]string{
		"serve", "--listen", n.address, "--database-url-file", url, "--data", filepath.Join(n.folder, "data"),
		"--root-key-file", filepath.Join(c.folder, rootKey), "--admin-key-file", filepath.Join(n.folder, "admin-key"),
		"--log-format", "json", "--log-level", "info", "--drain", "500ms", "--stop-timeout", "5s",
	}, flags...)
	return n, nil
}

// DatabaseURL returns where the store is, not through the network of any node.
func (c *Cluster) DatabaseURL() string { return c.Database.URL(database) }

// server returns where PostgreSQL is.
func (c *Cluster) server() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.target
}

// firstKey reads the first service key, of which there is exactly one, however many nodes started at once.
func (c *Cluster) firstKey() error {
	var keys [][]byte
	for _, n := range c.Nodes {
		key, err := os.ReadFile(filepath.Join(n.folder, "admin-key"))
		if key = bytes.TrimSpace(key); err == nil && len(key) > 0 {
			keys = append(keys, key)
		}
	}
	if len(keys) != 1 {
		return fmt.Errorf("%d nodes made a first service key, and exactly one should", len(keys))
	}
	c.Key = keywright.NewSecret(string(keys[0]))
	for _, n := range c.Nodes {
		n.key = c.Key.Reveal()
	}
	return nil
}

// Stop ends everything and removes what was written.
func (c *Cluster) Stop() error {
	for _, n := range c.Nodes {
		n.Kill()
		n.network.close()
	}
	var err error
	if c.Database != nil {
		err = c.Database.Stop()
	}
	return errors.Join(err, os.RemoveAll(c.folder))
}

// Client returns a client of one node, which repeats nothing.
func (n *Node) Client(key keywright.Secret, timeout time.Duration) (*client.Client, error) {
	return client.New(client.Options{URL: n.URL, ServiceKey: key, HTTP: n.http, Timeout: timeout, Retries: -1})
}

// Start starts the process. It is ready later.
func (n *Node) Start() error {
	log, err := os.OpenFile(n.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(n.binary, n.flags...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")} // no home: the first key goes to its file
	cmd.Dir = n.folder
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // a signal ends it
		close(ended)
	}()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cmd, n.ended = cmd, ended
	return nil
}

// waitFile waits until the process has made a file.
func (n *Node) waitFile(path string) error {
	for {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			return nil
		}
		select {
		case <-n.ended:
			return fmt.Errorf("node %d ended at its start: %s", n.Index, n.lastWords())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Log is the file with what the process has said.
func (n *Node) Log() string { return filepath.Join(n.folder, "log") }

// Kill ends the process at once and waits for its end.
func (n *Node) Kill() { n.end(os.Kill) }

// End asks the process to end and waits until it has.
func (n *Node) End() { n.end(os.Interrupt) }

func (n *Node) end(s os.Signal) {
	n.mu.Lock()
	cmd, ended := n.cmd, n.ended
	n.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(s) // it may have ended by itself
	<-ended
}

// WaitReady waits until the node says that it is.
func (n *Node) WaitReady(ctx context.Context, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for {
		if n.ready(ctx) {
			return nil
		}
		n.mu.Lock()
		ended := n.ended
		n.mu.Unlock()
		select {
		case <-ended:
			return fmt.Errorf("node %d ended at its start: %s", n.Index, n.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("node %d is not ready after %s: %s", n.Index, most, n.lastWords())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (n *Node) ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL+api.PathReady, nil)
	if err != nil {
		return false
	}
	answer, err := n.http.Do(r)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// lastWords is the end of the node's log.
func (n *Node) lastWords() string {
	log, _ := os.ReadFile(n.Log())
	return string(log[max(0, len(log)-2000):])
}

func freePort() (int, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
