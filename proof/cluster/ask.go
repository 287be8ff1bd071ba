// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/keywright/keywright/api"
)

const (
	askPatience = 40 * time.Millisecond // then the next batch is sent, though the one before is not answered
	askTimeout  = 20 * time.Second
	askEvery    = 2 * time.Millisecond // after an answer: the nodes need the processor as well
	mostWaiting = 120                  // batches that one client waits for: a node that is stopped is asked on
	mostLine    = 1 << 16
)

var errNoVerdict = errors.New("no judgement could be made")

// keepAsking asks one node all the time, until ctx ends.
func (r *run) keepAsking(ctx context.Context, n *Node, dice *rand.Rand) {
	slots := make(chan struct{}, mostWaiting)
	for ctx.Err() == nil {
		subjects := r.watch.pick(dice)
		if len(subjects) == 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		answered := make(chan struct{})
		r.asking.Go(func() {
			defer func() { <-slots; close(answered) }()
			began := time.Now()
			waiting, cancel := context.WithTimeout(context.Background(), askTimeout)
			defer cancel()
			if err := r.ask(waiting, n, subjects); err != nil {
				r.trouble(n.Index, began, time.Now(), "a verification", err)
				time.Sleep(5 * time.Millisecond)
			}
		})
		select {
		case <-answered:
			time.Sleep(askEvery)
		case <-time.After(askPatience):
		}
	}
}

// ask asks a node about subjects in one batch, and tells the law what it says. A line without a judgement is an error,
// as the whole batch is.
func (r *run) ask(ctx context.Context, n *Node, subjects []*subject) error {
	var body bytes.Buffer
	for _, s := range subjects {
		body.Write(s.line)
	}
	began := time.Now()
	lines, err := n.batch(ctx, &body)
	if err != nil {
		return err
	}
	ended := time.Now()
	if len(lines) != len(subjects) {
		return fmt.Errorf("%w: %d lines were answered by %d", errNoVerdict, len(subjects), len(lines))
	}
	for i, text := range lines {
		if bytes.Contains(text, []byte(`"problem":`)) {
			err = fmt.Errorf("%w: %s", errNoVerdict, text)
			continue
		}
		valid := bytes.Contains(text, []byte(`"code":"VALID"`))
		subjects[i].right.Answered(n.Index, began, ended, valid)
		if valid {
			subjects[i].valid[n.Index].Add(1)
		}
	}
	return err
}

// batch sends lines to a node and returns those of the answer.
func (n *Node) batch(ctx context.Context, body io.Reader) (lines [][]byte, err error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL+api.PathVerifyBatch, body)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Authorization", "Bearer "+n.key)
	q.Header.Set("Content-Type", api.MediaLines)
	answer, err := n.http.Do(q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 500))
		return nil, &statusError{answer.StatusCode, string(text)}
	}
	in := bufio.NewScanner(answer.Body)
	in.Buffer(nil, mostLine)
	for in.Scan() {
		lines = append(lines, bytes.Clone(in.Bytes()))
	}
	return lines, in.Err()
}

// A statusError is an answer that is no verdict.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return fmt.Sprintf("%d %s", e.status, e.text) }
