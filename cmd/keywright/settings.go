// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/keywright/keywright"
)

// envName is the variable that stands for a flag: --id-bytes is KEYWRIGHT_ID_BYTES.
func envName(flag string) string {
	return "KEYWRIGHT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// bind gives every flag that is not on the command line its value from the environment, or else from the settings
// file.
func (s *session) bind(cmd *cobra.Command) error {
	flags := cmd.Flags()
	s.typed = map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { s.typed[f.Name] = true })
	for _, first := range []string{"config", "config-dir"} {
		if err := s.bindFlag(flags.Lookup(first), nil); err != nil {
			return err
		}
	}
	file, err := s.readSettings(cmd)
	if err != nil {
		return err
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if err == nil {
			err = s.bindFlag(f, file[f.Name])
		}
	})
	return err
}

func (s *session) bindFlag(f *pflag.Flag, setting []string) error {
	if f.Changed || f.Name == "help" {
		return nil
	}
	if value := s.env[envName(f.Name)]; value != "" {
		if looksLikeKey(value, keywright.ByPrefix) {
			return misused("the variable "+envName(f.Name)+" holds what looks like a key", keyInputHint)
		}
		if err := setFlag(f, value); err != nil {
			return misused("the variable "+envName(f.Name)+" "+valueProblem(f, err), "--"+f.Name+": "+usageOf(f))
		}
		return nil
	}
	for _, value := range setting {
		if err := setFlag(f, value); err != nil {
			return misused("the setting "+f.Name+" in the --config file "+valueProblem(f, err), "--"+f.Name+": "+usageOf(f))
		}
	}
	return nil
}

// setFlag sets a flag as the command line would.
func setFlag(f *pflag.Flag, value string) error {
	if err := f.Value.Set(value); err != nil {
		return err
	}
	f.Changed = true
	return nil
}

func usageOf(f *pflag.Flag) string {
	_, usage := pflag.UnquoteUsage(f)
	return usage
}

// readSettings reads the --config file: a JSON object of flags by their names, and of objects by the name of a command
// for flags of that command alone.
func (s *session) readSettings(cmd *cobra.Command) (map[string][]string, error) {
	if s.configFile == "" {
		return nil, nil
	}
	const hint = `write names of flags and their values, such as {"listen": "127.0.0.1:8420", "issue": {"owner": "team_7"}}`
	text, err := os.ReadFile(s.configFile)
	if err != nil {
		return nil, misused("the --config file cannot be read: "+plainPathError(err), "name a file in JSON")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, misused("the --config file is not a JSON object"+jsonPlace(text, err), hint)
	}
	known := flagsByCommand(cmd.Root())
	settings := map[string][]string{}
	var own map[string]json.RawMessage
	for name, value := range object {
		if known[name] == nil || known[""][name] {
			if err := addSetting(settings, known[""], name, value); err != nil {
				return nil, err
			}
			continue
		}
		var section map[string]json.RawMessage
		if err := json.Unmarshal(value, &section); err != nil {
			return nil, misused("the setting "+name+" in the --config file is the name of a command and holds no object", hint)
		}
		for inner, value := range section {
			if err := addSetting(map[string][]string{}, known[name], inner, value); err != nil {
				return nil, err
			}
		}
		if name == commandName(cmd) {
			own = section
		}
	}
	for name, value := range own {
		delete(settings, canonicalSetting(name))
		if err := addSetting(settings, known[commandName(cmd)], name, value); err != nil {
			return nil, err
		}
	}
	return settings, nil
}

// commandName is the path of a command without the program: "keyspaces create".
func commandName(cmd *cobra.Command) string {
	_, name, _ := strings.Cut(cmd.CommandPath(), " ")
	return name
}

// flagsByCommand lists the flags of every command by its name, and under "" those of all.
func flagsByCommand(root *cobra.Command) map[string]map[string]bool {
	known := map[string]map[string]bool{"": {}}
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		name := commandName(cmd)
		if known[name] == nil {
			known[name] = map[string]bool{}
		}
		take := func(f *pflag.Flag) {
			if f.Name != "help" && f.Name != "config" {
				known[name][f.Name], known[""][f.Name] = true, true
			}
		}
		cmd.LocalFlags().VisitAll(take)
		cmd.InheritedFlags().VisitAll(take)
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	visit(root)
	return known
}

func canonicalSetting(name string) string { return strings.ReplaceAll(name, "_", "-") }

// addSetting reads one value: text, a number, true or false, or a list of texts.
func addSetting(settings map[string][]string, known map[string]bool, name string, value json.RawMessage) error {
	flag := canonicalSetting(name)
	if !known[flag] {
		names := make([]string, 0, len(known))
		for n := range known {
			names = append(names, n)
		}
		return misused(fmt.Sprintf("the --config file has an unknown key %q", shown(name)), nearestHint(flag, names, ""))
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil || list == nil {
		list = []json.RawMessage{value}
	}
	for _, item := range list {
		text := string(item)
		if strings.HasPrefix(text, `"`) {
			if err := json.Unmarshal(item, &text); err != nil {
				return err
			}
		} else if strings.ContainsAny(text[:1], "{[n") {
			return misused("the setting "+shown(name)+" in the --config file is no text, number, true, false or list", "write the value as on the command line")
		}
		if looksLikeKey(text, keywright.ByPrefix) || holdsPassword(text) {
			return misused("the setting "+shown(name)+" in the --config file holds a secret", "keep secrets in files of their own, with mode 0600: --service-key-file names one")
		}
		settings[flag] = append(settings[flag], text)
	}
	return nil
}

// shown is a name that was typed, if it cannot be a secret.
func shown(name string) string {
	if len(name) > 32 || looksLikeKey(name, keywright.ByGuess) {
		return "…"
	}
	return name
}

// jsonPlace says in which line JSON cannot be read.
func jsonPlace(text []byte, err error) string {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return ""
	}
	line := 1 + strings.Count(string(text[:min(int(syntax.Offset), len(text))]), "\n")
	return fmt.Sprintf(": line %d: %s", line, syntax.Error())
}
