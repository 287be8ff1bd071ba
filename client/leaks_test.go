// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// TestReportLeaksAnswersEach takes no answer that leaves a key out: one that leaked would be taken for unknown.
func TestReportLeaksAnswersEach(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", api.MediaJSON)
		_, _ = io.WriteString(w, `{"results":[{"label":"false_positive","state":"unknown","action":"none"}]}`)
	}))
	t.Cleanup(server.Close)
	c, err := New(Options{URL: server.URL, ServiceKey: keywright.NewSecret("a-service-key")})
	if err != nil {
		t.Fatal(err)
	}
	leaked := api.LeakedKey{Key: api.Key{Secret: keywright.NewSecret("a-leaked-key")}}
	if results, err := c.ReportLeaks(context.Background(), []api.LeakedKey{leaked}); err != nil || len(results) != 1 {
		t.Errorf("%v, %v", results, err)
	}
	if results, err := c.ReportLeaks(context.Background(), []api.LeakedKey{leaked, leaked}); !errors.Is(err, errResults) || results != nil {
		t.Errorf("%v, %v", results, err)
	}
}
