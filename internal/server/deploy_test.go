// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

const (
	alertsFile    = "../../deploy/prometheus/alerts.yml"
	dashboardFile = "../../deploy/grafana/keywright.json"
)

var (
	quoted     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	selector   = regexp.MustCompile(`(\w+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`^(\w+)(?:=~|!~|!=|=)"([^"]*)"$`)
	grouping   = regexp.MustCompile(`\bby \(([^)]*)\)`)
	apart      = regexp.MustCompile(`\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)`)
	identifier = regexp.MustCompile(`[a-zA-Z_]\w*(\s*\()?`)
	legend     = regexp.MustCompile(`\{\{\s*\$?(?:labels\.)?(\w+)`)
)

// exported knows what can be asked for.
type exported struct {
	*testing.T
	families map[string]*dto.MetricFamily
	codes    map[string]bool
}

func newExported(t *testing.T) exported {
	e := exported{t, families(t), map[string]bool{}}
	for _, m := range e.families["keywright_verifications_total"].GetMetric() {
		for _, l := range m.GetLabel() {
			e.codes[l.GetValue()] = true
		}
	}
	return e
}

// labels returns the labels of a metric, those that a scrape adds among them; nil: there is no such metric.
func (e exported) labels(name string) []string {
	scraped := []string{"instance", "job"}
	if name == "up" {
		return scraped
	}
	if f := e.families[name]; f != nil {
		return append(scraped, labelsOf(f)...)
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		base, cut := strings.CutSuffix(name, suffix)
		if f := e.families[base]; cut && f != nil && f.GetType() == dto.MetricType_HISTOGRAM {
			return append(scraped, append(labelsOf(f), "le")...)
		}
	}
	return nil
}

// check compares the names, labels and values of an expression with what the server exports, and returns the labels of all
// its metrics and the number of these.
func (e exported) check(where, expr string) (known []string, metrics int) {
	e.Helper()
	for _, id := range identifier.FindAllString(apart.ReplaceAllString(quoted.ReplaceAllString(expr, ""), " "), -1) {
		if strings.HasSuffix(id, "(") || id == "e" {
			continue // a function
		}
		labels := e.labels(id)
		if labels == nil {
			e.Errorf("%s: the server does not export %s", where, id)
			continue
		}
		known = append(known, labels...)
		metrics++
	}
	for _, s := range selector.FindAllStringSubmatch(expr, -1) {
		for _, part := range strings.Split(s[2], ",") {
			m := matcher.FindStringSubmatch(part)
			if m == nil {
				e.Errorf("%s: %s cannot be read", where, part)
				continue
			}
			if !slices.Contains(e.labels(s[1]), m[1]) {
				e.Errorf("%s: %s has no label %s", where, s[1], m[1])
			}
			e.values(where, m[1], m[2])
		}
	}
	for _, by := range grouping.FindAllStringSubmatch(expr, -1) {
		for _, label := range strings.Split(by[1], ", ") {
			if !slices.Contains(known, label) {
				e.Errorf("%s: no metric has the label %s", where, label)
			}
		}
	}
	return known, metrics
}

// values checks the values of a label that has only some.
func (e exported) values(where, label, values string) {
	e.Helper()
	for _, value := range strings.Split(values, "|") {
		ok := true
		switch label {
		case "code":
			ok = e.codes[value] && strings.ToUpper(value) == value
		case "route":
			_, ok = table[value]
		case "result":
			ok = slices.Contains([]string{"ok", "not_found", "conflict", "canceled", "error"}, value)
		case "operation":
			ok = slices.Contains([]string{"Lookup", "List", "Apply", "Spend", "Count", "Events", "Scan"}, value)
		case "kind":
			ok = value == "rotation" || value == "expiry"
		}
		if !ok {
			e.Errorf("%s: the label %s never is %s", where, label, value)
		}
	}
}

// legends checks the labels that a text shows.
func (e exported) legends(where, text string, known []string) {
	e.Helper()
	for _, l := range legend.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(known, l[1]) && l[1] != "value" {
			e.Errorf("%s: no metric has the label %s that is shown", where, l[1])
		}
	}
}

// TestAlerts reads the alert rules: each asks for what there is.
func TestAlerts(t *testing.T) {
	text, err := os.ReadFile(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	e := newExported(t)
	rules := strings.Split(string(text), "- alert: ")[1:]
	for _, rule := range rules {
		name, rest, _ := strings.Cut(rule, "\n")
		_, expr, ok := strings.Cut(rest, "expr: ")
		expr, texts, _ := strings.Cut(expr, "\n")
		if !ok || strings.Count(rule, "expr:") != 1 {
			t.Errorf("%s has no expression on one line", name)
		}
		known, metrics := e.check(name, expr)
		if metrics == 0 {
			t.Errorf("%s asks for nothing: %s", name, expr)
		}
		e.legends(name, texts, known)
		page, err := os.ReadFile(metricsPage)
		if err != nil || !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("%s is not in the guide", name)
		}
	}
	if len(rules) < 10 {
		t.Errorf("%d rules", len(rules))
	}
}

// A panel is what a dashboard holds of one.
type panel struct {
	Type    string
	Title   string
	Targets []struct{ Expr, LegendFormat string }
}

// dashboard returns the panels of the dashboard that ask for something.
func dashboard(t *testing.T) []panel {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Title  string
		UID    string
		Panels []panel
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	d.Panels = slices.DeleteFunc(d.Panels, func(p panel) bool { return p.Type == "row" })
	if d.Title == "" || d.UID == "" || len(d.Panels) < 15 {
		t.Errorf("a dashboard %q with %d panels", d.Title, len(d.Panels))
	}
	return d.Panels
}

// filled puts values in the place of Grafana's variables.
var filled = strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*", "$keyspace", ".*")

// TestDashboard reads the dashboard: each panel asks for what there is, and all there is to know is on it.
func TestDashboard(t *testing.T) {
	e := newExported(t)
	var all strings.Builder
	for _, p := range dashboard(t) {
		for _, target := range p.Targets {
			known, metrics := e.check(p.Title, filled.Replace(target.Expr))
			if metrics != 1 {
				t.Errorf("%s asks for %d metrics: %s", p.Title, metrics, target.Expr)
			}
			e.legends(p.Title, target.LegendFormat, known)
			all.WriteString(target.Expr)
		}
		if len(p.Targets) == 0 {
			t.Errorf("%s asks for nothing", p.Title)
		}
	}
	for name := range e.families {
		if strings.HasPrefix(name, "keywright_") && !strings.Contains(all.String(), name) {
			t.Errorf("%s is on no panel", name)
		}
	}
}

// TestPromtool lets Prometheus's own tool read the configuration, the rules and the expressions of the dashboard, and try
// the rules on series: each alert fires when it should, and not before.
func TestPromtool(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("KEYWRIGHT_TEST_REQUIRE") == "1" {
			t.Fatal("promtool is missing; it comes with Prometheus")
		}
		t.Skip("promtool is not installed; it comes with Prometheus")
	}
	var rules strings.Builder
	rules.WriteString("groups:\n- name: panels\n  rules:\n")
	for _, p := range dashboard(t) {
		for _, target := range p.Targets {
			rules.WriteString("  - record: panel\n    labels: {n: '" + p.Title + target.LegendFormat + "'}\n    expr: '" + filled.Replace(target.Expr) + "'\n")
		}
	}
	panels := filepath.Join(t.TempDir(), "panels.yml")
	if err := os.WriteFile(panels, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(alertsFile)
	for _, args := range [][]string{
		{"check", "rules", panels},
		{"check", "rules", alertsFile},
		{"check", "config", filepath.Join(folder, "prometheus.yml")},
		{"test", "rules", filepath.Join(folder, "alerts_test.yml")},
	} {
		if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
