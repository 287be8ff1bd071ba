// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// keptFromOthers reports whether only those who should can read a file that holds a secret: its owner, or, where it was given
// to us by somebody else, our group too. So Kubernetes hands over secrets: they are root's, and of the group of the pod.
func keptFromOthers(info fs.FileInfo) bool {
	owner := os.Geteuid()
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = int(s.Uid)
	}
	return mayRest(info.Mode().Perm(), owner, os.Geteuid())
}

func mayRest(mode fs.FileMode, owner, self int) bool {
	if owner != self {
		return mode&0o037 == 0
	}
	return mode&0o077 == 0
}
