// SPDX-License-Identifier: Apache-2.0

package server

import "io"

// pipe is a request body that a test writes while the answer is read.
type pipe struct {
	*io.PipeReader
	w *io.PipeWriter
}

func newPipe() pipe {
	r, w := io.Pipe()
	return pipe{r, w}
}

func (p pipe) say(text string) { _, _ = io.WriteString(p.w, text) }
func (p pipe) end()            { _ = p.w.Close() }
