// SPDX-License-Identifier: Apache-2.0

// Package redistest gives tests a real Redis or Valkey: a server for each test that asks, which it can stop and start again.
//
// Where none is installed, such tests are skipped, unless KEYWRIGHT_TEST_REQUIRE is 1: then they fail.
package redistest

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A Server is a Redis on a loopback port, with a password and without a disk.
type Server struct {
	Port     int
	password string
	program  string
	folder   string
	running  *os.Process
	ended    chan struct{} // closed when it has
}

// Start starts a server. It ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	program := ""
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		if os.Getenv("KEYWRIGHT_TEST_REQUIRE") != "1" {
			t.Skip("no Redis is installed: no redis-server and no valkey-server on PATH")
		}
		t.Fatal("no Redis is installed: no redis-server and no valkey-server on PATH")
	}
	s, err := start(program, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func start(program, folder string) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{Port: port, password: rand.Text(), program: program, folder: folder}
	text := fmt.Sprintf("bind 127.0.0.1\nport %d\nsave \"\"\nappendonly no\ndir %s\nrequirepass %s\n", port, folder, s.password)
	if err := os.WriteFile(s.config(), []byte(text), 0o600); err != nil {
		return nil, err
	}
	return s, s.Run()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *Server) config() string { return filepath.Join(s.folder, "redis.conf") }

// URL returns where the server is, with its password.
func (s *Server) URL() string { return fmt.Sprintf("redis://:%s@127.0.0.1:%d/0", s.password, s.Port) }

// Run starts a server that was stopped, with nothing of what it held.
func (s *Server) Run() error {
	cmd := exec.Command(s.program, s.config())
	endWithTests(cmd)
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the system ends the server when the thread ends that started it
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is always killed
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.running, s.ended = cmd.Process, ended
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if answer, err := s.Do("PING"); err == nil && answer == "+PONG" {
			return nil
		}
	}
	s.Stop()
	return errors.New("the Redis of the tests does not answer")
}

// Stop kills the server.
func (s *Server) Stop() {
	if s.running != nil {
		_ = s.running.Kill()
		<-s.ended
		s.running = nil
	}
}

// Do sends a command without spaces in its words, and returns the first line of the answer.
func (s *Server) Do(command string) (string, error) {
	conn, err := net.DialTimeout("tcp", fmt.Sprint("127.0.0.1:", s.Port), time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\n%s\r\n", s.password, command); err != nil {
		return "", err
	}
	lines := bufio.NewScanner(conn)
	var answer string
	for range 2 {
		if !lines.Scan() {
			return "", errors.Join(lines.Err(), errors.New("no answer"))
		}
		answer = strings.TrimSpace(lines.Text())
	}
	return answer, nil
}
