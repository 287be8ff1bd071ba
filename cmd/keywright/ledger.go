// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"math"
	"strconv"

	"github.com/keywright/keywright"
)

// A ledgerRow is a new key and what should be known of it.
type ledgerRow struct {
	Key          string  `json:"key"`
	Preset       string  `json:"preset"`
	Prefix       string  `json:"prefix"`
	Environment  string  `json:"environment"`
	PublicID     string  `json:"public_id"`
	SecretLength int     `json:"secret_length"`
	EntropyBits  float64 `json:"entropy_bits"`
	Checksum     string  `json:"checksum"`
	StorageHash  string  `json:"storage_hash"`
}

func newLedgerRow(k keywright.Key) ledgerRow {
	f := k.Format()
	return ledgerRow{
		Key: k.Reveal(), Preset: f.Preset, Prefix: k.Prefix(), Environment: k.Environment(), PublicID: k.PublicID(),
		SecretLength: len(k.Secret().Reveal()), EntropyBits: rounded(f.Entropy()), Checksum: k.Checksum().String(),
		StorageHash: k.Hash().String(),
	}
}

// rounded keeps two digits behind the point.
func rounded(bits float64) float64 { return math.Floor(bits*100) / 100 }

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

var ledgerColumns = []column[ledgerRow]{
	{"key", func(r ledgerRow) string { return r.Key }},
	{"preset", func(r ledgerRow) string { return r.Preset }},
	{"prefix", func(r ledgerRow) string { return r.Prefix }},
	{"environment", func(r ledgerRow) string { return r.Environment }},
	{"public_id", func(r ledgerRow) string { return r.PublicID }},
	{"secret_length", func(r ledgerRow) string { return strconv.Itoa(r.SecretLength) }},
	{"entropy_bits", func(r ledgerRow) string { return number(r.EntropyBits) }},
	{"checksum", func(r ledgerRow) string { return r.Checksum }},
	{"storage_hash", func(r ledgerRow) string { return r.StorageHash }},
}

// A hashRow is the half of a key that is stored: it holds no secret.
type hashRow struct {
	Hash        string `json:"hash"`
	PublicID    string `json:"public_id"`
	Prefix      string `json:"prefix"`
	Environment string `json:"environment"`
}

var hashColumns = []column[hashRow]{
	{"hash", func(r hashRow) string { return r.Hash }},
	{"public_id", func(r hashRow) string { return r.PublicID }},
	{"prefix", func(r hashRow) string { return r.Prefix }},
	{"environment", func(r hashRow) string { return r.Environment }},
}

// ledger shows keys for people: as a table where the terminal is wide enough for whole keys and hashes, and else each
// key with what belongs to it below. All keys of a run are alike in length, so the first tells.
func (s *session) ledger() (func(keywright.Key) error, func() error) {
	w := bufio.NewWriterSize(s.stdout, 64<<10)
	colour := s.colours(s.stdout)
	width := s.width(s.stdout)
	var widths []int
	var shape table
	return func(k keywright.Key) error {
		r := newLedgerRow(k)
		cells := []string{r.Key, dash(r.PublicID), strconv.Itoa(r.SecretLength), bitsText(r.EntropyBits), r.Checksum, r.StorageHash}
		if widths == nil {
			shape = table{titles: []string{"KEY", "PUBLIC ID", "SECRET", "ENTROPY", "CHECKSUM", "STORAGE HASH"}, rows: [][]string{cells}}
			widths = shape.widths()
			if width == 0 || sum(widths)+tableGap*(len(widths)-1) <= width {
				width = 0
				_, _ = w.WriteString(shape.text(widths, shape.titles, colour.dim))
			}
		}
		if width == 0 {
			_, err := w.WriteString(shape.text(widths, cells, nil))
			return err
		}
		_, err := fmt.Fprintf(w, "%s\n  public id %s · secret %d characters, %s · checksum %s\n  %s\n",
			r.Key, dash(r.PublicID), r.SecretLength, bitsText(r.EntropyBits), r.Checksum, colour.dim(r.StorageHash))
		return err
	}, w.Flush
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func sum(numbers []int) (total int) {
	for _, n := range numbers {
		total += n
	}
	return total
}
