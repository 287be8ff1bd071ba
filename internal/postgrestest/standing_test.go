// SPDX-License-Identifier: Apache-2.0

package postgrestest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { Main(m) }

// TestStanding kills a server and starts it again, and promotes its replica: what was written is there.
func TestStanding(t *testing.T) {
	Server(t) // skips where there is none
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if err := s.Execute(ctx, "postgres", "CREATE TABLE a (b int); INSERT INTO a VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := s.Execute(ctx, "postgres", "SELECT 1"); err == nil {
		t.Fatal("a server that was killed answers")
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	replica, err := s.Replica(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer replica.Stop()
	if err := replica.Execute(ctx, "postgres", "INSERT INTO a VALUES (2)"); err == nil {
		t.Fatal("a replica takes writes")
	}
	s.Kill()
	if err := replica.Promote(ctx); err != nil {
		t.Fatal(err)
	}
	if err := replica.Execute(ctx, "postgres", "INSERT INTO a VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, replica.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var rows int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM a").Scan(&rows); err != nil || rows != 2 {
		t.Fatalf("%d rows, %v", rows, err)
	}
}
