// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/authority"
)

// nodeFlags say how a server is one of several nodes over a PostgreSQL database.
type nodeFlags struct {
	name       string
	lease      time.Duration
	acceptLoss bool
}

func (f *nodeFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	addDuration(flags, &f.lease, "lease", authority.DefaultLease, "over PostgreSQL, judge keys for `TIME` at most without word from the database: so long a revoke waits for a node that is gone")
	flags.StringVar(&f.name, "node-name", "", "over PostgreSQL, be shown to other nodes as `NAME` (default the name of the machine)")
	flags.BoolVar(&f.acceptLoss, "accept-loss", false, "over PostgreSQL, judge keys although the database has lost events that this node has seen: what they revoked may be alive again")
}

// options are those of an authority over a store that may be shared.
func (f *nodeFlags) options(dir, address string) (authority.NodeOptions, error) {
	name := f.name
	if name == "" {
		name, _ = os.Hostname()
	}
	o := authority.NodeOptions{
		Name: name, Version: thisBuild().Version, Address: address, Lease: f.lease, Awake: awakeClock(),
		Heads: headFile(filepath.Join(dir, "chain-head")), AcceptLoss: f.acceptLoss,
	}
	if err := o.Check(); err != nil {
		return o, misused("--lease or --node-name cannot be: "+err.Error(), "leave them out, or see keywright serve --help")
	}
	return o, nil
}

// A headFile keeps where the audit chain ended when this node saw it last.
type headFile string

type savedHead struct {
	Sequence uint64 `json:"sequence"`
	Hash     []byte `json:"hash"`
}

// Load implements authority.HeadKeeper.
func (f headFile) Load() (h authority.ChainHead, err error) {
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	var saved savedHead
	if err == nil {
		err = json.Unmarshal(text, &saved)
	}
	if err == nil && len(saved.Hash) != len(h.Hash) {
		err = errors.New("the file chain-head in the data folder was not written by Keywright")
	}
	if err != nil {
		return h, err
	}
	h.Sequence = saved.Sequence
	copy(h.Hash[:], saved.Hash)
	return h, nil
}

// Save implements authority.HeadKeeper.
func (f headFile) Save(h authority.ChainHead) error {
	text, err := json.Marshal(savedHead{h.Sequence, h.Hash[:]})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(string(f)), 0o700); err != nil {
		return err
	}
	next := string(f) + ".new"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, string(f))
}
