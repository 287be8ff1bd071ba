// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/backup"
)

// backup streams an archive of the whole store. Once it has begun, an error can only be told by ending the connection: the
// archive is then without its end, and no reader takes it for a whole one.
func (s *Server) backup(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	dump, err := s.authority.Backup(r.Context(), c.caller)
	if err != nil {
		writeProblem(w, s.problemOf(c, err))
		return
	}
	out := s.newTimedWriter(w)
	w.Header().Set("Content-Type", api.MediaArchive)
	w.Header().Set("Content-Disposition", `attachment; filename="keywright.backup"`)
	_, err = backup.Write(out, backup.Header{Program: s.options.Version, Created: time.Now()}, func(visit func(any) error) error {
		return dump(r.Context(), visit)
	})
	if err != nil {
		s.log.Error("a backup ended early; what was sent is not whole", "error", err, "request_id", c.id)
		panic(http.ErrAbortHandler)
	}
	out.flush()
}

func (d documenter) backup() {
	d.add(huma.Operation{
		OperationID: "backup", Method: http.MethodGet, Path: api.PathBackup, Tags: []string{storeTag}, Summary: "Back up the store",
		Description: "Everything as it was at one moment, while the server goes on: hashes of keys, never keys, and never the root key. An archive that ends early is not whole; keywright restore refuses it.",
	}, http.StatusOK, nil, content(api.MediaArchive, &huma.Schema{Type: huma.TypeString, Format: "binary"}))
}
