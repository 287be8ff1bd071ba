// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// compose loads a project as Docker Compose does, by its schema, and looks that every service is locked up.
func compose(path string) error {
	o, err := cli.NewProjectOptions([]string{path})
	if err != nil {
		return err
	}
	project, err := o.LoadProject(context.Background())
	if err != nil {
		return err
	}
	var problems []error
	for name, s := range project.Services {
		for _, p := range open(s) {
			problems = append(problems, fmt.Errorf("service %s %s", name, p))
		}
	}
	return errors.Join(problems...)
}

// open says what a service may do that it should not.
func open(s types.ServiceConfig) (problems []string) {
	if s.Privileged || s.NetworkMode == "host" || s.Pid == "host" {
		problems = append(problems, "may do as the host does")
	}
	if len(s.SecurityOpt) == 0 || s.SecurityOpt[0] != "no-new-privileges:true" {
		problems = append(problems, "may gain privileges")
	}
	for _, p := range s.Ports {
		if p.HostIP != "127.0.0.1" {
			problems = append(problems, "is reached from outside")
		}
	}
	if strings.HasPrefix(s.Image, "keywright:") && (!s.ReadOnly || s.User == "" || strings.HasPrefix(s.User, "0") || len(s.CapDrop) != 1 || s.CapDrop[0] != "ALL") {
		problems = append(problems, "is not locked up: read_only, user, cap_drop")
	}
	return problems
}
