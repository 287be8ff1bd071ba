// SPDX-License-Identifier: Apache-2.0

package redistest

import (
	"os/exec"
	"syscall"
)

// endWithTests makes the server end with this process, however that ends.
func endWithTests(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
