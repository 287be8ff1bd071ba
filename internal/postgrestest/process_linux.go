// SPDX-License-Identifier: Apache-2.0

package postgrestest

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// nobody is the user and group that the server runs as where the tests run as root: PostgreSQL refuses root.
const nobody = 65534

func attributes() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// handOver gives files to the user that the server runs as.
func handOver(paths ...string) error {
	if os.Getuid() != 0 {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, nobody, nobody); err != nil {
			return err
		}
	}
	return nil
}

// A process is a program that ends with this one, however this one ends.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

func startProcess(log, dir, name string, args ...string) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(name, args...), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, out, out
	p.cmd.SysProcAttr = attributes()
	p.cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	started := make(chan error)
	go func() {
		// The system sends the signal when the thread ends that started the program.
		runtime.LockOSThread()
		defer out.Close()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // it is always ended by a signal
			close(p.ended)
		}
	}()
	return p, <-started
}

func (p *process) end() {
	if p.cmd.Process != nil {
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // it may have ended by itself
		<-p.ended
	}
}
