// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// The parts of SARIF 2.1.0 that are written (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID          string    `json:"id"`
		Description sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   map[string]string `json:"properties"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn"`
	}
)

// sarif is what was found as a log of SARIF. What the server calls ended is a note, all else an error.
func (r *scan) sarif() sarifLog {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "keywright", Version: thisBuild().Version, Rules: []sarifRule{}}},
		ColumnKind:  "utf16CodeUnits",
		Invocations: []sarifInvocation{{Successful: len(r.problems) == 0}}, Results: []sarifResult{},
	}
	for _, p := range r.problems {
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, sarifNotification{"warning", sarifText{p.Path + " " + p.Problem}})
	}
	for i := range r.found {
		f := &r.found[i]
		rules := &run.Tool.Driver.Rules
		if !slices.ContainsFunc(*rules, func(rule sarifRule) bool { return rule.ID == f.Preset }) {
			what := "An API key of the format " + f.Preset
			if f.Issuer != "" {
				what = "A key of " + f.Issuer
			}
			*rules = append(*rules, sarifRule{f.Preset, sarifText{what}})
		}
		level := "error"
		if f.State == "revoked" || f.State == "expired" {
			level = "note"
		}
		run.Results = append(run.Results, sarifResult{
			RuleID: f.Preset, Level: level, Message: sarifText{f.Masked + " · " + f.about() + ": " + f.advice()},
			Locations:    []sarifLocation{{sarifPhysical{sarifArtifact{uriOf(f.Path)}, f.region()}}},
			Fingerprints: map[string]string{"keywright/v1": f.Fingerprint}, Properties: f.properties(),
		})
	}
	return sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}
}

// region is the place in the file. Of what is within an archive there is none but its begin.
func (f *scanned) region() sarifRegion {
	if strings.Contains(f.Path, "!") {
		return sarifRegion{1, 1}
	}
	return sarifRegion{f.Line, f.Column}
}

func (f *scanned) properties() map[string]string {
	all := map[string]string{}
	for name, value := range map[string]string{
		"state": f.State, "commit": f.Commit, "encoding": f.Encoding, "public_id": f.PublicID, "path": f.Path,
	} {
		if value != "" {
			all[name] = value
		}
	}
	return all
}

// uriOf is a path as SARIF has it: relative where the path is.
func uriOf(path string) string {
	path, _, _ = strings.Cut(filepath.ToSlash(path), "!")
	u := url.URL{Path: path}
	if strings.HasPrefix(path, "/") {
		u.Scheme = "file"
	}
	return u.String()
}
