// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// Write writes an archive of what dump visits. After an error what was written is not whole, and no reader takes it for
// that.
func Write(w io.Writer, h Header, dump func(visit func(any) error) error) (Summary, error) {
	h.Version, h.Created = Version, h.Created.UTC().Truncate(time.Second)
	packed, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return Summary{}, err
	}
	out := &writer{to: packed, sum: sha256.New(), Summary: Summary{Header: h, Counts: map[string]int{}}}
	if err := out.line(headerName, h); err != nil {
		return Summary{}, err
	}
	if err := dump(out.value); err != nil {
		return Summary{}, err
	}
	last := end{Counts: out.Counts, Sequence: out.Sequence, Hash: out.Hash, SHA256: keywright.Hash(out.sum.Sum(nil))}
	if err := out.line(endName, last); err != nil {
		return Summary{}, err
	}
	return out.Summary, packed.Close()
}

type writer struct {
	Summary
	to    io.Writer
	sum   hash.Hash
	place int // of the kind of the last value
}

func (w *writer) value(v any) error {
	place := kindOf(v)
	if place < 0 {
		return fmt.Errorf("a store holds a %T, which no backup can hold", v)
	}
	if place < w.place {
		return fmt.Errorf("a store gives its %ss before its %ss", kinds[w.place].name, kinds[place].name)
	}
	w.place = place
	w.Counts[kinds[place].name]++
	if e, ok := v.(*authority.Event); ok {
		w.Sequence, w.Hash = e.Sequence, e.Hash
	}
	return w.line(kinds[place].name, v)
}

func (w *writer) line(name string, v any) error {
	text, err := line(name, v)
	if err != nil {
		return err
	}
	if len(text) > MaxLine {
		return fmt.Errorf("a value of kind %s is larger than %d bytes", name, MaxLine)
	}
	w.sum.Write(text)
	_, err = w.to.Write(text)
	return err
}
