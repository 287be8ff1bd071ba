// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/postgrestest"
)

// deployed is the file of that name in deploy.
func deployed(t *testing.T, name ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "deploy"}, name...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A deployment is how a file of deploy starts the server.
type deployment struct {
	args, env []string
	grace     string // how long the file lets the server take to end
}

func composed(t *testing.T) deployment {
	t.Helper()
	var file struct {
		Services map[string]struct {
			Command     []string
			Environment map[string]string
			Grace       string `yaml:"stop_grace_period"`
		}
	}
	if err := yaml.Unmarshal([]byte(deployed(t, "compose", "compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	s := file.Services["keywright-1"]
	d := deployment{args: s.Command, grace: s.Grace}
	for name, value := range s.Environment {
		d.env = append(d.env, name+"="+value)
	}
	return d
}

func orchestrated(t *testing.T) deployment {
	t.Helper()
	var file struct {
		Spec struct {
			Template struct {
				Spec struct {
					Grace      int `yaml:"terminationGracePeriodSeconds"`
					Containers []struct {
						Args []string
						Env  []struct{ Name, Value string }
					}
				}
			}
		}
	}
	for document := range strings.SplitSeq(deployed(t, "kubernetes", "keywright.yaml"), "\n---\n") {
		if !strings.Contains(document, "kind: Deployment") {
			continue
		}
		if err := yaml.Unmarshal([]byte(document), &file); err != nil {
			t.Fatal(err)
		}
	}
	pod := file.Spec.Template.Spec
	d := deployment{args: pod.Containers[0].Args, grace: (time.Duration(pod.Grace) * time.Second).String()}
	for _, e := range pod.Containers[0].Env {
		d.env = append(d.env, e.Name+"="+e.Value)
	}
	return d
}

func supervised(t *testing.T) deployment {
	t.Helper()
	unit := deployed(t, "systemd", "keywright.service")
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/keywright (.*)$`).FindStringSubmatch(unit)
	grace := regexp.MustCompile(`(?m)^TimeoutStopSec=(.*)$`).FindStringSubmatch(unit)
	if start == nil || grace == nil {
		t.Fatal("the unit starts nothing")
	}
	return deployment{strings.Fields(start[1]), []string{"STATE_DIRECTORY=/var/lib/keywright"}, grace[1]}
}

func contained(t *testing.T) deployment {
	t.Helper()
	file := deployed(t, "Containerfile")
	command := regexp.MustCompile(`(?m)^CMD \[(.*)\]$`).FindStringSubmatch(file)
	variable := regexp.MustCompile(`(?m)^ENV (.*)$`).FindStringSubmatch(file)
	if command == nil || variable == nil {
		t.Fatal("the container starts nothing")
	}
	return deployment{strings.Split(strings.ReplaceAll(command[1], `"`, ""), ", "), []string{variable[1]}, "40s"}
}

// TestDeployedServersStart starts the server as each file does, with other paths and another port, and asks whether it is ready.
func TestDeployedServersStart(t *testing.T) {
	for name, of := range map[string]func(*testing.T) deployment{
		"compose": composed, "kubernetes": orchestrated, "systemd": supervised, "container": contained,
	} {
		t.Run(name, func(t *testing.T) {
			d, dir := of(t), t.TempDir()
			wantTimeToEnd(t, d)
			url := postgrestest.Database(t)
			secret := func(name, text string) string {
				path := filepath.Join(dir, name)
				write(t, path, text)
				return path
			}
			there := strings.NewReplacer(
				"/run/secrets/keywright/database/url", secret("url", url), "/run/secrets/database-url", filepath.Join(dir, "url"),
				"/run/secrets/keywright/root-key/root.key", secret("root.key", hex.EncodeToString(make([]byte, 32))), "/run/secrets/root.key", filepath.Join(dir, "root.key"),
				"/var/lib/keywright", dir, "0.0.0.0:8420", "127.0.0.1:0", "127.0.0.1:8420", "127.0.0.1:0",
			)
			args, env := replaced(there, d.args), append(replaced(there, d.env), "HOME="+dir, "STATE_DIRECTORY="+dir)
			var doctor lockedBuffer
			var p Program
			p.Run(context.Background(), []string{"doctor"}, strings.NewReader(""), &doctor, &doctor, env)
			if strings.Contains(doctor.String(), "no command reads the variable") {
				t.Error(doctor.String())
			}
			address := started(t, args, env)
			var ready lockedBuffer
			if code := p.Run(t.Context(), []string{"ready", "--url", address}, strings.NewReader(""), &ready, &ready, nil); code != 0 {
				t.Errorf("not ready: %s", ready.String())
			}
			c, err := client.New(client.Options{URL: address})
			if err != nil || c.Ready(t.Context()) != nil {
				t.Error(err)
			}
		})
	}
}

func replaced(by *strings.Replacer, texts []string) (out []string) {
	for _, text := range texts {
		out = append(out, by.Replace(text))
	}
	return out
}

// started starts a server and returns its URL.
func started(t *testing.T, args, env []string) string {
	t.Helper()
	log := &lockedBuffer{}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		var p Program
		p.Run(ctx, append(args, "--drain", "10ms"), strings.NewReader(""), log, log, env)
	}()
	t.Cleanup(func() { stop(); <-done })
	address := regexp.MustCompile(`ready on (https?://[^ "]+)`)
	for range 1500 {
		if m := address.FindStringSubmatch(log.String()); m != nil {
			return m[1]
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the server did not start: %s", log.String())
	return ""
}

// wantTimeToEnd compares how long the server may take to end with how long the file lets it.
func wantTimeToEnd(t *testing.T, d deployment) {
	t.Helper()
	grace, err := time.ParseDuration(d.grace)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Join(d.args, " ")
	took := time.Duration(0)
	for flag, otherwise := range map[string]string{"drain": "3s", "stop-timeout": "30s"} {
		text := otherwise
		if m := regexp.MustCompile("--" + flag + "[= ](\\S+)").FindStringSubmatch(line); m != nil {
			text = m[1]
		}
		part, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		took += part
	}
	if took >= grace {
		t.Errorf("the server takes up to %v to end, and is given %v", took, grace)
	}
}
