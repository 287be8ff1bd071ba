// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/keywright/keywright/authority"
)

// scanned are the columns of a record as scan_records returns them.
func (w *row) scanned() []any {
	return []any{
		&w.id, &w.version, &w.alike, &w.owner, &w.parent, &w.notBefore, &w.expires, &w.disabled, &w.revoked, &w.created, &w.updated,
	}
}

// scannedSecret are the columns of a secret as scan_secrets returns them.
func (w *row) scannedSecret() []any {
	return []any{&w.hash, &w.publicID, &w.secretCreated, &w.secretExpires, &w.registered, &w.rare}
}

// alike are the parts of a text that many records share: keyspace, format, environment, scopes, terms and rules.
type alike [6]string

// remembered bounds how many of them a scan keeps.
const remembered = 1 << 14

var errParts = errors.New("a joined column has other parts")

// takeApart fills the columns of a record that a scan reads joined.
func (sc *scan) takeApart(w *row) error {
	parts, ok := sc.alike[w.alike]
	if !ok {
		list := strings.Split(w.alike, "\x00")
		if len(list) != len(parts) {
			return errParts
		}
		parts = alike(list)
		if len(sc.alike) >= remembered {
			clear(sc.alike)
		}
		sc.alike[w.alike] = parts
	}
	w.keyspace, w.format, w.environment, w.scopes, w.terms, w.rules = parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]
	return nil
}

// takeSecretApart fills the columns of a secret that a scan reads joined.
func takeSecretApart(w *row) (err error) {
	w.pepper, w.slow, w.grace, w.idle = "", "", false, 0
	if w.rare == nil {
		return nil
	}
	parts := bytes.Split(w.rare, []byte{0})
	if len(parts) != 4 {
		return errParts
	}
	w.pepper, w.slow, w.grace = string(parts[0]), string(parts[1]), string(parts[2]) != "0"
	w.idle, err = strconv.ParseInt(string(parts[3]), 10, 64)
	return err
}

// decode fills r from w. The id is filled in any case.
func (sc *scan) decode(w *row, r *authority.Record) error {
	if err := sc.takeApart(w); err != nil {
		copy(r.ID[:], w.id)
		return fmt.Errorf("record %s: %w", r.ID, err)
	}
	return sc.reader.decode(w, r)
}

func addScanned(w *row, r *authority.Record) error {
	if err := takeSecretApart(w); err != nil {
		return fmt.Errorf("record %s: a secret: %w", r.ID, err)
	}
	return addSecret(w, r)
}
