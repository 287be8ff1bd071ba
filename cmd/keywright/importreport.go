// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"

	"github.com/keywright/keywright/api"
)

// shownRefusals is how many refused lines are shown where no report was asked for.
const shownRefusals = 20

// An importReport keeps the lines that were refused, and shows the first of them.
type importReport struct {
	file  *secretFile // nil: none was asked for
	lines *json.Encoder
	count int
}

func newImportReport(f *importFlags) (*importReport, error) {
	r := &importReport{}
	if f.report == "" {
		return r, nil
	}
	var err error
	if r.file, err = newSecretFile(f.report, f.force); err != nil {
		return nil, err
	}
	r.lines = json.NewEncoder(r.file)
	r.lines.SetEscapeHTML(false)
	return r, nil
}

func (r *importReport) discard() {
	if r.file != nil {
		r.file.discard()
	}
}

func (r *importReport) add(s *session, o *api.ImportOutcome) error {
	if r.count++; r.count <= shownRefusals && o.Problem != nil {
		s.say("line %d: %s", o.Line, printable(o.Problem.Detail))
		if o.Problem.Hint != "" {
			s.say("  hint: %s", printable(o.Problem.Hint))
		}
	}
	if r.lines == nil {
		return nil
	}
	return r.lines.Encode(o)
}

func (r *importReport) end(s *session) error {
	if more := r.count - shownRefusals; more > 0 {
		where := "--report FILE keeps them all"
		if r.file != nil {
			where = "all are in " + r.file.path
		}
		s.say("and %s more · %s", grouped(more), where)
	}
	if r.file == nil {
		return nil
	}
	return r.file.done()
}
