// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

const metricsPage = "../../docs/observability.md"

// metricsTable lists every figure of our own, with its labels.
func metricsTable(all map[string]*dto.MetricFamily) string {
	var b strings.Builder
	b.WriteString("| metric | kind | labels | |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !strings.HasPrefix(name, "keywright_") {
			continue
		}
		labels := labelsOf(all[name])
		for i := range labels {
			labels[i] = "`" + labels[i] + "`"
		}
		kind := strings.ToLower(all[name].GetType().String())
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, kind, strings.Join(labels, ", "), all[name].GetHelp())
	}
	return b.String()
}

// labelsOf returns the names of the labels of a metric. All series of one have the same.
func labelsOf(f *dto.MetricFamily) (labels []string) {
	for _, l := range f.GetMetric()[0].GetLabel() {
		labels = append(labels, l.GetName())
	}
	return labels
}

// TestMetricsTable compares the table of the guide with what the server exports: a metric that is renamed breaks
// somebody's alerts.
func TestMetricsTable(t *testing.T) {
	want := metricsTable(families(t))
	const begin, end = "<!-- metrics: a test compares this table with the code -->\n", "<!-- end -->"
	text, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	switch {
	case !ok || !ok2:
		t.Fatalf("%s: the marks are missing", metricsPage)
	case old == want:
	case !*updateGolden:
		t.Errorf("%s: the table has drifted; go test ./internal/server -run TestMetricsTable -update writes it:\n%s", metricsPage, want)
	default:
		if err := os.WriteFile(metricsPage, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
