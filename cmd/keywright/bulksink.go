// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/keywright/keywright/api"
)

// A bulkSink is where the results of a bulk act are written.
type bulkSink struct {
	write   func(api.BulkResult) error
	end     func() error
	discard func()
}

// bulkSink opens the place for results before anything is done: a key that cannot be kept must not be made.
func (s *session) bulkSink(act *bulkAct) (bulkSink, error) {
	sink := bulkSink{discard: func() {}}
	rotates := act.request.Verb == api.BulkRotate && !act.request.DryRun
	switch {
	case rotates && act.to != "":
		return s.bulkFile(act)
	case rotates:
		form := act.output
		if form == asText {
			form = asJSONL // which key is whose must be seen
		}
		rows := newRows(s.stdout, form, rotatedKeyColumns)
		sink.write, sink.end = keysOnly(rows), rows.end
	case act.output != asText:
		rows := newRows(s.stdout, act.output, bulkColumns)
		sink.write, sink.end = rows.add, rows.end
	default:
		t := table{titles: []string{"KEY ID", "NAME", "OWNER", "STATE"}, shrink: []bool{false, true, true, false}}
		sink.write = func(r api.BulkResult) error {
			t.rows = append(t.rows, []string{r.ID.String(), dash(r.Name), dash(r.Owner), r.State})
			return nil
		}
		sink.end = func() error {
			if len(t.rows) == 0 {
				return nil
			}
			t.dropEmpty()
			return t.write(s.stdout, s.width(s.stdout), s.colours(s.stdout))
		}
	}
	return sink, nil
}

func (s *session) bulkFile(act *bulkAct) (bulkSink, error) {
	form := formOf(act.to)
	if form == "" || form == asEnv {
		return bulkSink{}, misused("--to has an ending that does not say which key is whose", "end the name with .json, .jsonl or .csv")
	}
	file, err := newSecretFile(act.to, act.replace)
	if err != nil {
		return bulkSink{}, err
	}
	rows := newRows(file, form, rotatedKeyColumns)
	return bulkSink{
		write: keysOnly(rows), discard: file.discard,
		end: func() error {
			if err := rows.end(); err != nil {
				return err
			}
			return file.done()
		},
	}, nil
}

// keysOnly writes new keys, each at once: what is lost now is lost for good. What failed is told elsewhere.
func keysOnly(rows *rows[api.BulkResult]) func(api.BulkResult) error {
	return func(r api.BulkResult) error {
		if r.Key.IsZero() {
			return nil
		}
		if err := rows.add(r); err != nil {
			return err
		}
		return rows.flush()
	}
}
