// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// containerfile parses a file as docker build does, and looks at what runs in the end.
func containerfile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	parsed, err := parser.Parse(file)
	if err != nil {
		return err
	}
	var problems []error
	for _, w := range parsed.Warnings {
		problems = append(problems, errors.New(w.Short))
	}
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, message string, _ []parser.Range) {
		problems = append(problems, fmt.Errorf("%s: %s", rule, message))
	}})
	stages, _, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		return err
	}
	return errors.Join(append(problems, final(&stages[len(stages)-1]))...)
}

// final looks at the last stage: nothing but the program, and no root.
func final(s *instructions.Stage) error {
	user, health, entry := "", false, false
	for _, c := range s.Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.HealthCheckCommand:
			health = c.Health != nil && c.Health.Test[0] == "CMD"
		case *instructions.EntrypointCommand:
			entry = !c.PrependShell
		case *instructions.RunCommand, *instructions.AddCommand:
			return fmt.Errorf("the last stage has %s", c.Name())
		}
	}
	if s.BaseName != "scratch" || !entry || !health || user == "" || user == "root" || strings.HasPrefix(user, "0") {
		return fmt.Errorf("the last stage is of %s, as user %q: it needs scratch, a user, an entry point and a health check without a shell", s.BaseName, user)
	}
	return nil
}
