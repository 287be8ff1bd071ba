// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cluster

import "syscall"

// Pause stops the process in the middle of whatever it does, until Continue.
func (n *Node) Pause() { n.signal(syscall.SIGSTOP) }

// Continue lets it go on as if nothing had happened.
func (n *Node) Continue() { n.signal(syscall.SIGCONT) }

func (n *Node) signal(s syscall.Signal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	_ = n.cmd.Process.Signal(s) // it may have ended
}
