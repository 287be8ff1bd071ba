// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package postgrestest

import (
	"os"
	"os/exec"
	"syscall"
)

func attributes() *syscall.SysProcAttr { return nil }

func handOver(...string) error { return nil }

// A process is a program that ends when end is called.
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
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // it is always ended by a signal
		out.Close()
		close(p.ended)
	}()
	return p, nil
}

func (p *process) end() {
	if p.cmd.Process != nil {
		_ = p.cmd.Process.Kill() // it may have ended by itself
		<-p.ended
	}
}
