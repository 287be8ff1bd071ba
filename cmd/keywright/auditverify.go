// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
)

func (s *session) auditVerifyCommand() *cobra.Command {
	var f showFlags
	var kept string
	cmd := &cobra.Command{
		Use: "verify", Short: "Walk the chain and name the first break",
		Long: `Walk the whole chain and name the first break: exit code 0 where it is whole, 1 where it is broken.

The checkpoints that the store holds must fit it. Those that were kept elsewhere show more: that the end of the chain
was cut off, or that all of it was replaced, checkpoints too.`,
		Example: "  keywright audit verify\n  keywright audit verify --checkpoint-file checkpoints.jsonl\n  keywright audit verify --output json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			checkpoints, err := readCheckpoints(kept)
			if err != nil {
				return err
			}
			c, err := s.connect(&f.serverFlags)
			if err != nil {
				return err
			}
			r, err := c.VerifyChain(cmd.Context(), checkpoints...)
			if err != nil {
				return unjudged(err)
			}
			return s.showChain(&r, f.output)
		},
	}
	cmd.Flags().StringVar(&kept, "checkpoint-file", "", "the chain must fit the checkpoints in `FILE`, one a line, as audit checkpoint prints them")
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

// readCheckpoints reads checkpoints that were kept.
func readCheckpoints(path string) (list []api.Checkpoint, err error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, misused("the checkpoints cannot be read: "+plainPathError(err), "name a file with what audit checkpoint printed")
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var p api.Checkpoint
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if d.Decode(&p) != nil || p.Sequence == 0 {
			return nil, misused(fmt.Sprintf("line %d of the checkpoint file is no checkpoint", n), "name a file with what audit checkpoint printed")
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		return nil, misused("the checkpoint file is empty", "name a file with what audit checkpoint printed")
	}
	return list, nil
}

func (s *session) showChain(r *api.ChainReport, form string) error {
	if form == asJSON {
		if err := s.writeJSON(r); err != nil {
			return err
		}
	} else if r.Whole {
		if _, err := fmt.Fprintln(s.stdout, strings.Join(chainParts(r), " · ")); err != nil {
			return err
		}
	}
	if r.Unproven > 0 {
		s.warn("checkpoints by a signer that nothing proves: %d. Compare it with one that you kept: --checkpoint-file", r.Unproven)
	}
	if r.Whole {
		return nil
	}
	problem := "the audit chain is broken"
	if r.Broken != nil {
		problem = fmt.Sprintf("the audit chain is broken: event %d %s", r.Broken.Sequence, r.Broken.Problem)
	}
	return refused(problem, fmt.Sprintf("the %s events before it hold; compare with a copy of the store", grouped(int(r.Events))))
}

func chainParts(r *api.ChainReport) []string {
	parts := []string{"whole", grouped(int(r.Events)) + " events"}
	if r.From > 0 {
		parts = append(parts, "pruned up to "+grouped(int(r.From)))
	}
	if r.Checkpoints > 0 {
		parts = append(parts, "checkpoints that hold: "+grouped(r.Checkpoints))
	}
	return append(parts, "head "+r.Head.String())
}
