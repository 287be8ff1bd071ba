// SPDX-License-Identifier: Apache-2.0

package rules_test

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/leak/rules"
)

// The scanners that cannot be run here are read as they document it: every field has a place in these types, or the
// file is wrong, and the patterns run in RE2, which reads all that the files use in the way of the scanner's own engine.

type gitleaksFile struct {
	Extend struct {
		UseDefault bool
		Path       string
	}
	Rules []struct {
		ID, Description, Regex string
		SecretGroup            int
		Entropy                float64
		Filter                 string
		Keywords               []string
	}
}

type gitlabFile struct {
	Secrets struct {
		Description string
		Passthrough []struct{ Type, Target, Value string }
	}
}

type trufflehogFile struct {
	Detectors []struct {
		Name     string
		Keywords []string
		Regex    map[string]string
		Entropy  float64
	}
}

type noseyparkerFile struct {
	Rules []struct {
		Name, ID, Pattern string
		Categories        []string
		Examples          []string
		NegativeExamples  []string `yaml:"negative_examples"`
	}
}

type kingfisherFile struct {
	Rules []struct {
		Name, ID, Pattern string
		Requirements      *struct {
			Checksum struct {
				Actual struct {
					Template string
					Requires string `yaml:"requires_capture"`
				}
				Expected string
				Skip     bool `yaml:"skip_if_missing"`
			}
		} `yaml:"pattern_requirements"`
		Revocation *struct {
			Type    string
			Content struct {
				Request struct {
					Method, URL, Body string
					Headers           map[string]string
					Matcher           []map[string]any `yaml:"response_matcher"`
				}
			}
		}
		Entropy          float64 `yaml:"min_entropy"`
		Confidence       string
		Examples         []string
		NegativeExamples []string `yaml:"negative_examples"`
	}
}

type githubFile struct {
	Partner struct {
		SendTo   string `yaml:"send_to"`
		Endpoint string
		Types    []struct {
			Type, Name, Regex, Checksum string
			Examples                    []string
			NotExamples                 []string `yaml:"not_examples"`
		} `yaml:"secret_types"`
	}
	Custom []struct {
		Name   string   `yaml:"pattern_name"`
		Secret string   `yaml:"secret_format"`
		Before string   `yaml:"before_secret"`
		After  string   `yaml:"after_secret"`
		Not    []string `yaml:"must_not_match"`
		Test   string   `yaml:"test_string"`
	} `yaml:"custom_patterns"`
}

func fileOf(t *testing.T, tool rules.Tool, made []rules.Rule) string {
	t.Helper()
	var b bytes.Buffer
	if err := rules.Write(&b, tool, made, rules.Issuer{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func readTOML(t *testing.T, text string, into any) {
	t.Helper()
	if err := toml.NewDecoder(strings.NewReader(text)).DisallowUnknownFields().Decode(into); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
}

func readYAML(t *testing.T, text string, into any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
}

// TestKingfisherRevokes: with an endpoint a rule says how a key is ended, but for publishable ones.
func TestKingfisherRevokes(t *testing.T) {
	list := []rules.Source{
		{Format: format(t, "secret-key", nil)}, {Format: format(t, "publishable-key", nil), Publishable: true},
	}
	var b bytes.Buffer
	if err := rules.Write(&b, rules.Kingfisher, made(t, list), rules.Issuer{Endpoint: "https://keys.acme.example/v1/revoke-self"}); err != nil {
		t.Fatal(err)
	}
	var file kingfisherFile
	readYAML(t, b.String(), &file)
	r := file.Rules[0].Revocation
	if r == nil || r.Type != "Http" || file.Rules[1].Revocation != nil {
		t.Fatalf("%+v", file.Rules)
	}
	if q := r.Content.Request; q.Method != "POST" || q.URL != "https://keys.acme.example/v1/revoke-self" || q.Body != `{"key":"{{ TOKEN }}"}` || len(q.Matcher) != 2 {
		t.Errorf("%+v", q)
	}
}

// A scan returns the keys that the rules of a file find in a text.
type scan func(text string) []string

var patterns = map[string]*regexp.Regexp{}

// compiled compiles a pattern once.
func compiled(text string) *regexp.Regexp {
	if patterns[text] == nil {
		patterns[text] = regexp.MustCompile(text)
	}
	return patterns[text]
}

// hasKeyword is the filter of scanners before they try a pattern: keywords are in small letters.
func hasKeyword(t *testing.T, keywords []string, text string) bool {
	if len(keywords) == 0 {
		t.Error("a rule has no keywords")
	}
	return slices.ContainsFunc(keywords, func(word string) bool {
		if word != strings.ToLower(word) || word == "" {
			t.Errorf("the keyword %q is not in small letters", word)
		}
		return strings.Contains(strings.ToLower(text), word)
	})
}

var entropyFilter = regexp.MustCompile(`^filter\.entropy\(finding\["secret"\]\) <= (\d\.\d)$`)

func scanGitleaks(t *testing.T, text string, betterleaks bool) scan {
	var file gitleaksFile
	readTOML(t, text, &file)
	ids := map[string]bool{}
	for i, r := range file.Rules {
		if r.ID == "" || r.SecretGroup != 1 || ids[r.ID] || betterleaks != (r.Filter != "") {
			t.Errorf("rule %q", r.ID)
		}
		if betterleaks {
			file.Rules[i].Entropy, _ = strconv.ParseFloat(entropyFilter.FindStringSubmatch(r.Filter)[1], 64)
		}
		ids[r.ID] = true
	}
	return func(text string) (found []string) {
		for _, r := range file.Rules {
			if !hasKeyword(t, r.Keywords, text) {
				continue
			}
			for _, m := range compiled(r.Regex).FindAllStringSubmatch(text, -1) {
				if entropy(m[1]) > r.Entropy {
					found = append(found, m[1])
				}
			}
		}
		return found
	}
}

func scanGitLab(t *testing.T, text string) scan {
	var file gitlabFile
	readTOML(t, text, &file)
	if p := file.Secrets.Passthrough; len(p) != 1 || p[0].Type != "raw" || p[0].Target != "gitleaks.toml" {
		t.Fatal(p)
	}
	return scanGitleaks(t, file.Secrets.Passthrough[0].Value, false)
}

func scanTruffleHog(t *testing.T, text string) scan {
	var file trufflehogFile
	readYAML(t, text, &file)
	return func(text string) (found []string) {
		for _, d := range file.Detectors {
			if !compiled(`^[A-Z]\w*$`).MatchString(d.Name) || len(d.Regex) != 1 {
				t.Errorf("detector %q", d.Name)
			}
			if !hasKeyword(t, d.Keywords, text) {
				continue
			}
			for _, key := range groups(compiled(d.Regex["key"]), text) {
				if entropy(key) >= d.Entropy && len(key) <= 1000 {
					found = append(found, key)
				}
			}
		}
		return found
	}
}

// shortID is what Nosey Parker takes for the id of a rule, and Kingfisher after it.
var shortID = regexp.MustCompile(`^[A-Za-z0-9]+(?:[-.][A-Za-z0-9]+)*$`)

func scanNoseyParker(t *testing.T, text string) scan {
	var file noseyparkerFile
	readYAML(t, text, &file)
	for _, r := range file.Rules {
		if !shortID.MatchString(r.ID) || len(r.ID) > 20 || r.Name == "" || len(r.Examples) == 0 || len(r.NegativeExamples) == 0 {
			t.Errorf("rule %q", r.ID)
		}
	}
	return func(text string) (found []string) {
		for _, r := range file.Rules {
			found = append(found, groups(compiled(r.Pattern), text)...)
		}
		return found
	}
}

func scanKingfisher(t *testing.T, text string) scan {
	var file kingfisherFile
	readYAML(t, text, &file)
	return func(text string) (found []string) {
		for _, r := range file.Rules {
			if !shortID.MatchString(r.ID) || len(r.ID) > 20 || !slices.Contains([]string{"high", "medium"}, r.Confidence) {
				t.Errorf("rule %q", r.ID)
			}
			pattern := compiled(r.Pattern)
			for _, m := range pattern.FindAllStringSubmatch(text, -1) {
				capture := func(name string) string { return m[pattern.SubexpIndex(name)] }
				if q := r.Requirements; q != nil {
					if q.Checksum.Skip || q.Checksum.Actual.Requires != "checksum" {
						t.Errorf("rule %q does not need its checksum", r.ID)
					}
					if liquid(t, q.Checksum.Expected, capture) != liquid(t, q.Checksum.Actual.Template, capture) {
						continue
					}
				}
				if key := capture("TOKEN"); entropy(key) >= r.Entropy {
					found = append(found, key)
				}
			}
		}
		return found
	}
}

func scanGitHub(t *testing.T, text string) scan {
	var file githubFile
	readYAML(t, text, &file)
	if len(file.Custom) != len(file.Partner.Types) || file.Partner.SendTo != "secret-scanning@github.com" {
		t.Fatal(file.Partner)
	}
	return func(text string) (found []string) {
		for i, c := range file.Custom {
			if c.Secret != file.Partner.Types[i].Regex {
				t.Errorf("%s: the programme and the pattern differ", c.Name)
			}
			pattern := compiled("(?:" + c.Before + ")(" + c.Secret + ")(?:" + c.After + ")")
			for _, key := range groups(pattern, text) {
				if !slices.ContainsFunc(c.Not, func(not string) bool { return compiled(not).MatchString(key) }) {
					found = append(found, key)
				}
			}
		}
		return found
	}
}

// readers read the files of all tools but detect-secrets, which TestDetectSecrets runs.
func readers(t *testing.T) map[rules.Tool]func(string) scan {
	return map[rules.Tool]func(string) scan{
		rules.Gitleaks:    func(text string) scan { return scanGitleaks(t, text, false) },
		rules.Betterleaks: func(text string) scan { return scanGitleaks(t, text, true) },
		rules.TruffleHog:  func(text string) scan { return scanTruffleHog(t, text) },
		rules.Kingfisher:  func(text string) scan { return scanKingfisher(t, text) },
		rules.NoseyParker: func(text string) scan { return scanNoseyParker(t, text) },
		rules.GitHub:      func(text string) scan { return scanGitHub(t, text) },
		rules.GitLab:      func(text string) scan { return scanGitLab(t, text) },
	}
}

// TestFilesFind lets the rules of every file read every example and counter-example.
func TestFilesFind(t *testing.T) {
	found := made(t, sources(t))
	for _, tool := range rules.Tools() {
		if tool == rules.DetectSecrets {
			continue
		}
		t.Run(string(tool), func(t *testing.T) { judge(t, tool, found, readers(t)[tool](fileOf(t, tool, found))) })
	}
}

// judge holds what is found against what should be.
func judge(t *testing.T, tool rules.Tool, made []rules.Rule, scan scan) {
	t.Helper()
	for _, r := range made {
		for _, e := range r.Examples {
			if got := scan(e.Text); !slices.Equal(got, []string{e.Key}) {
				t.Errorf("%s: in %s it finds %q", r.ID, e.Text, got)
			}
		}
		for _, n := range r.NonExamples {
			// A placeholder has a wrong checksum too.
			sensed := tool.Senses(n.Sense) || n.Sense == rules.ByEntropy && r.Checksum != keywright.NoChecksum && tool.Senses(rules.ByChecksum)
			if got := scan(n.Text); sensed == (len(got) > 0) {
				t.Errorf("%s: in %s (%s) it finds %q", r.ID, n.Text, n.Why, got)
			}
		}
	}
}

// entropy is Shannon's, in bits per character, as scanners compute it.
func entropy(text string) (h float64) {
	counts := map[rune]float64{}
	for _, c := range text {
		counts[c]++
	}
	for _, n := range counts {
		p := n / float64(len(text))
		h -= p * math.Log2(p)
	}
	return h
}
