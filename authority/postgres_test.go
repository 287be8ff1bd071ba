// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
	"github.com/keywright/keywright/store/postgres"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var schemas atomic.Int64

// onPostgres returns an empty store in a schema of its own of a real server.
func onPostgres(t testing.TB) authority.Store {
	t.Helper()
	store, err := postgres.Open(ctx, postgrestest.Server(t), postgres.Options{Schema: fmt.Sprint("test_", schemas.Add(1))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}
