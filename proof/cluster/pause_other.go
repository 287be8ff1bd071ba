// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package cluster

// Pause does nothing: the system has no such signal.
func (n *Node) Pause() {}

// Continue does nothing.
func (n *Node) Continue() {}
