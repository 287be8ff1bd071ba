// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

func (s *session) adminCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "admin",
		Short: "Service keys and profiles",
		Example: `  keywright admin recover --data /var/lib/keywright
  keywright admin sign-in --url https://keys.example.com --profile production
  keywright admin profiles`,
	}
	subcommandsOnly(cmd)
	cmd.AddCommand(s.recoverCommand(), s.signInCommand(), s.profilesCommand())
	return cmd
}

type recoverFlags struct {
	data, database, to string
	force              bool
}

func (s *session) recoverCommand() *cobra.Command {
	var f recoverFlags
	cmd := &cobra.Command{
		Use: "recover", Short: "Make a service key with access to the store alone",
		Long: `Make a new service key with all scopes, for who has access to the store and lost every other way in.

The server must not run. The audit chain keeps an event of it.`,
		Example: `  keywright admin recover
  keywright admin recover --data /var/lib/keywright --to admin.env`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.recover(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	addDataFlag(flags, &f.data)
	addDatabaseFlag(flags, &f.database)
	flags.StringVar(&f.to, "to", "", "write the key to `FILE` of mode 0600: .env, .json, .jsonl or .csv")
	flags.BoolVar(&f.force, "force", false, "replace a file that exists")
	return cmd
}

func (s *session) recover(ctx context.Context, f *recoverFlags) error {
	place, err := s.storePlace(f.data, f.database)
	if err != nil {
		return err
	}
	if _, err := os.Stat(databaseIn(place.dir)); place.url == "" && errors.Is(err, fs.ErrNotExist) {
		return misused("there is no store in "+place.dir, "name the folder of the server with --data")
	}
	where := issueFlags{to: f.to, force: f.force, output: asText}
	sink, err := s.issuedSink(keptIn{to: f.to, replace: f.force, output: asText, columns: issuedColumns})
	if err != nil {
		return err
	}
	defer sink.discard()
	log := slog.New(slog.NewTextHandler(s.stderr, nil))
	store, err := openPlace(ctx, place, "keywright admin recover", log, true)
	if err != nil {
		return err
	}
	defer closeStore(store, log)
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: s.now, Random: rand.Reader})
	if err != nil {
		return unknowable("the store cannot be read", "keywright doctor looks at it", err)
	}
	defer a.Close()
	issued, err := a.Recover(ctx, authority.Origin{})
	if err != nil {
		return unknowable("no service key was made", "look at the disk", err)
	}
	response := api.IssueResponse{Key: api.NewKey(issued.Key), Record: api.Record{
		ID: issued.Record.ID, Keyspace: issued.Record.Keyspace, Name: issued.Record.Name, Scopes: issued.Record.Scopes,
		State: string(authority.StateActive), CreatedAt: issued.Record.Created, UpdatedAt: issued.Record.Updated,
	}}
	if err := sink.write(issuedRowOf(&response)); err != nil {
		return err
	}
	if err := sink.end(); err != nil {
		return err
	}
	s.say("%s · all scopes", issuedText(&where, &response))
	return nil
}
