// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	maxLine  = 4 << 20 // of a message on standard input, in bytes
	lastWait = time.Minute
)

// Serve speaks the protocol on a pair of streams, one message a line, until the input ends or ctx does. The agent's files
// are on this machine: secrets go to them and come from them.
func Serve(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	t := newToolset(offer{files: true, authority: o.Client != nil, making: true}, o.Version, o.Random, o.Logger)
	if o.Client != nil {
		ctx = withClient(ctx, o.Client)
	}
	err := t.server.Run(ctx, &lines{toolset: t, in: in, out: out})
	if errors.Is(err, io.EOF) || ctx.Err() != nil {
		return nil
	}
	return err
}

// lines is the transport. A line that is no message is answered with an error and the next one is read.
type lines struct {
	*toolset
	in  io.Reader
	out io.Writer

	read    chan []byte // whole lines; closed at the end of the input
	closed  chan struct{}
	close   sync.Once
	pending sync.WaitGroup // requests that were read and not answered

	mu      sync.Mutex // of what is written, and:
	waiting map[jsonrpc.ID]bool
}

// Connect begins to read.
func (l *lines) Connect(context.Context) (sdk.Connection, error) {
	l.read, l.closed, l.waiting = make(chan []byte), make(chan struct{}), map[jsonrpc.ID]bool{}
	go l.readAll()
	return l, nil
}

func (l *lines) readAll() {
	defer close(l.read)
	in := bufio.NewReader(l.in)
	for {
		line, err := readLine(in)
		if len(line) > 0 {
			select {
			case l.read <- line:
			case <-l.closed:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// readLine returns the next line. Of one that is too long it returns as much as makes it no message.
func readLine(in *bufio.Reader) (line []byte, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(line) <= maxLine {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// Read returns the next message that is one.
func (l *lines) Read(ctx context.Context) (jsonrpc.Message, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.closed:
			return nil, io.EOF
		case line, ok := <-l.read:
			if !ok {
				l.finish(ctx)
				return nil, io.EOF
			}
			m, err := l.take(line)
			if m != nil || err != nil {
				return m, err
			}
		}
	}
}

// finish waits until what was asked is answered: after the end of the input the library answers nothing more.
func (l *lines) finish(ctx context.Context) {
	answered := make(chan struct{})
	go func() {
		l.pending.Wait()
		close(answered)
	}()
	select {
	case <-answered:
	case <-time.After(lastWait):
	case <-l.closed:
	case <-ctx.Done():
	}
}

// begin and end keep account of the requests that are under way.
func (l *lines) begin(m jsonrpc.Message) bool {
	r, ok := m.(*jsonrpc.Request)
	if !ok || !r.ID.IsValid() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[r.ID] {
		return false
	}
	l.waiting[r.ID] = true
	l.pending.Add(1)
	return true
}

func (l *lines) end(m jsonrpc.Message) {
	r, ok := m.(*jsonrpc.Response)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[r.ID] {
		delete(l.waiting, r.ID)
		l.pending.Done()
	}
}

func (l *lines) take(line []byte) (jsonrpc.Message, error) {
	if len(line) > maxLine {
		return nil, l.writeLine(refusalText(nil, refuse(jsonrpc.CodeInvalidRequest, "the message is too long")))
	}
	text, id, wrong := l.vet(line)
	if wrong != nil {
		return nil, l.writeLine(refusalText(id, wrong))
	}
	if text == nil {
		return nil, nil
	}
	m, err := jsonrpc.DecodeMessage(text)
	if err != nil {
		return nil, l.writeLine(refusalText(id, refuse(jsonrpc.CodeInvalidRequest, "what was sent is no request")))
	}
	if !l.begin(m) {
		return nil, l.writeLine(refusalText(id, refuse(jsonrpc.CodeInvalidRequest, "a request with this id is under way")))
	}
	return m, nil
}

// Write writes a message.
func (l *lines) Write(_ context.Context, m jsonrpc.Message) error {
	defer l.end(m)
	text, err := jsonrpc.EncodeMessage(m)
	if err != nil {
		return err
	}
	return l.writeLine(text)
}

func (l *lines) writeLine(text []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.out.Write(append(text, '\n'))
	return err
}

// Close ends the reading.
func (l *lines) Close() error {
	l.close.Do(func() { close(l.closed) })
	return nil
}

// SessionID is empty: there is one session.
func (l *lines) SessionID() string { return "" }
