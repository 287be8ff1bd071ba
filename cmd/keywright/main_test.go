// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"database/sql"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keywright/keywright/internal/postgrestest"
)

func TestMain(m *testing.M) {
	testscript.Main(withDatabases{m}, map[string]func(){"keywright": main})
}

// withDatabases stops the PostgreSQL that tests have started.
type withDatabases struct{ *testing.M }

func (w withDatabases) Run() int { return postgrestest.Run(w.M) }

// TestScriptsOverPostgres runs those of a server whose store is in a database: KEYWRIGHT_DATABASE_URL names a new one for
// each script.
func TestScriptsOverPostgres(t *testing.T) {
	postgrestest.Server(t) // here, where a test can be skipped
	runScripts(t, filepath.Join("testdata", "postgres"), func(e *testscript.Env) {
		e.Setenv("KEYWRIGHT_DATABASE_URL", postgrestest.Database(t))
	})
}

// TestScripts runs what a user could have typed. The scripts know these commands beyond the usual ones:
//
//	serve [FLAG …]          start a server on a free port and wait until it is ready; its lines are in stdout
//	serve-stop              stop it as Ctrl-C does, and wait; what it logged is in stdout
//	exits CODE COMMAND …    run a command that must fail with this exit code
//	kills WORDS COMMAND …   run a command and kill it (kill -9) as soon as its standard error holds these words
//	capture NAME PATTERN    set a variable to what matches in the last standard output or error
//	line FILE TEXT          write a line to a file
//	mode FILE MODE          fail unless the file has this mode
//	tamper DIR SQL          change a store behind the back of the program
//	cut FROM TO BYTES       copy the begin of a file
//	newer DIR               let a store look as if a newer version had written it
//	redis stop|start        stop the Redis of the script, or start it again, empty
//	shows PATTERN           fail unless the last standard output or error matches
func TestScripts(t *testing.T) { runScripts(t, "testdata") }

// runScripts runs the scripts in a folder.
func runScripts(t *testing.T, dir string, setup ...func(*testscript.Env)) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(e *testscript.Env) error {
			for _, f := range setup {
				f(e)
			}
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "share"))
			e.Setenv("XDG_CONFIG_HOME", "")
			servers := &runningServer{}
			e.Values[serverKey{}] = servers
			e.Defer(servers.kill)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"kills": kills,
			"serve": startServer, "serve-stop": stopServer, "exits": exits, "capture": capture, "line": writeLine, "mode": checkMode,
			"tamper": tamper, "newer": makeNewer, "cut": cut, "shows": shows, "redis": runRedis,
		},
	})
}

type serverKey struct{}

// A runningServer is the server of one script.
type runningServer struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when its log has ended
	log  strings.Builder
}

func (r *runningServer) kill() {
	if r.cmd != nil {
		_ = r.cmd.Process.Kill()
		<-r.done
		_ = r.cmd.Wait()
	}
}

// startServer waits for the line that says that the server is ready, and for those that come with it.
func startServer(ts *testscript.TestScript, neg bool, args []string) {
	r := ts.Value(serverKey{}).(*runningServer)
	if neg || r.cmd != nil {
		ts.Fatalf("usage: serve [FLAG …], once at a time")
	}
	program, err := exec.LookPath(filepath.Join(strings.SplitN(ts.Getenv("PATH"), string(os.PathListSeparator), 2)[0], "keywright"))
	ts.Check(err)
	if !slices.Contains(args, "--listen") {
		args = append(args, "--listen", "127.0.0.1:0")
	}
	cmd := exec.Command(program, append([]string{"serve", "--log-format", "text"}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "KEYWRIGHT_CONFIG", "KEYWRIGHT_CONFIG_DIR", "KEYWRIGHT_DATABASE_URL", "KEYWRIGHT_REDIS_URL"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	*r = runningServer{cmd: cmd, done: make(chan struct{})}
	lines := make(chan string)
	go func() {
		defer close(r.done)
		defer close(lines)
		scanner := bufio.NewScanner(stderr)
		for scanner.Scan() {
			r.log.WriteString(scanner.Text() + "\n")
			select {
			case lines <- scanner.Text():
			case <-time.After(100 * time.Millisecond): // nobody waits any more
			}
		}
		_, _ = io.Copy(io.Discard, stderr)
	}()
	ready := false
	wait := 30 * time.Second
	for {
		select {
		case line, open := <-lines:
			if !open {
				ts.Fatalf("the server ended: %s", r.log.String())
			}
			_, _ = io.WriteString(ts.Stdout(), line+"\n")
			if ready = ready || strings.HasPrefix(line, "ready on "); ready {
				wait = 50 * time.Millisecond
			}
			continue
		case <-time.After(wait):
			if !ready {
				ts.Fatalf("the server was not ready in time: %s", r.log.String())
			}
		}
		return
	}
}

func stopServer(ts *testscript.TestScript, neg bool, args []string) {
	r := ts.Value(serverKey{}).(*runningServer)
	if neg || len(args) > 0 || r.cmd == nil {
		ts.Fatalf("usage: serve-stop, while a server runs")
	}
	ts.Check(r.cmd.Process.Signal(os.Interrupt))
	<-r.done
	ts.Check(r.cmd.Wait())
	r.cmd = nil
	_, _ = io.WriteString(ts.Stdout(), r.log.String())
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND …")
	}
	var exit *exec.ExitError
	err := ts.Exec(args[1], args[2:]...)
	if !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != args[0] {
		ts.Fatalf("exit code %s was expected: %v", args[0], err)
	}
}

func kills(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: kills WORDS COMMAND …")
	}
	program, err := exec.LookPath(filepath.Join(strings.SplitN(ts.Getenv("PATH"), string(os.PathListSeparator), 2)[0], args[1]))
	ts.Check(err)
	cmd := exec.Command(program, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = []string{"HOME=" + ts.Getenv("HOME"), "PATH=" + ts.Getenv("PATH")}
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	seen := ""
	for scanner := bufio.NewScanner(stderr); scanner.Scan(); {
		if seen += scanner.Text() + "\n"; strings.Contains(scanner.Text(), args[0]) {
			ts.Check(cmd.Process.Kill())
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		ts.Fatalf("it was not killed (%v): %s", err, seen)
	}
}

func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	text := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	found := regexp.MustCompile(args[1]).FindString(text)
	if found == "" {
		ts.Fatalf("nothing matches %s in %q", args[1], text)
	}
	ts.Setenv(args[0], found)
}

func writeLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: line FILE TEXT")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]+"\n"), 0o600))
}

func checkMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode FILE MODE")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := info.Mode().String(); got != args[1] {
		ts.Fatalf("%s has mode %s, not %s", args[0], got, args[1])
	}
}

func tamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tamper DIR SQL")
	}
	db, err := sql.Open("sqlite", "file://"+databaseIn(ts.MkAbs(args[0])))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(args[1])
	ts.Check(err)
}

func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cut FROM TO BYTES")
	}
	text := ts.ReadFile(args[0])
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	if n >= len(text) {
		ts.Fatalf("%s has %d bytes only", args[0], len(text))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text[:n]), 0o600))
}

func shows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: shows PATTERN")
	}
	text := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	if !regexp.MustCompile(args[0]).MatchString(text) {
		ts.Fatalf("nothing matches %s in %q", args[0], text)
	}
}

// makeNewer raises user_version in the header of the file (sqlite.org/fileformat2.html, 1.3).
func makeNewer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: newer DIR")
	}
	f, err := os.OpenFile(databaseIn(ts.MkAbs(args[0])), os.O_WRONLY, 0)
	ts.Check(err)
	defer f.Close()
	_, err = f.WriteAt(binary.BigEndian.AppendUint32(nil, 1<<20), 60)
	ts.Check(err)
}
