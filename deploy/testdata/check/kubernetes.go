// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// A cluster is what a file makes.
type cluster struct {
	deployment apps.Deployment
	service    core.Service
	budget     policy.PodDisruptionBudget
	network    networking.NetworkPolicy
}

// kubernetes reads the objects of a file into the types of the API, where a field that is not known is an error, and looks
// that those that name each other fit.
func kubernetes(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var c cluster
	into := map[string]any{
		"v1 Namespace": new(core.Namespace), "v1 ServiceAccount": new(core.ServiceAccount), "v1 Service": &c.service,
		"apps/v1 Deployment": &c.deployment, "policy/v1 PodDisruptionBudget": &c.budget, "networking.k8s.io/v1 NetworkPolicy": &c.network,
	}
	for i, document := range bytes.Split(text, []byte("\n---\n")) {
		var head struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if err := yaml.Unmarshal(document, &head); err != nil {
			return fmt.Errorf("object %d: %w", i+1, err)
		}
		object := into[head.APIVersion+" "+head.Kind]
		if object == nil {
			return fmt.Errorf("object %d: %s %s is not expected, or there twice", i+1, head.APIVersion, head.Kind)
		}
		if err := yaml.UnmarshalStrict(document, object); err != nil {
			return fmt.Errorf("%s: %w", head.Kind, err)
		}
		delete(into, head.APIVersion+" "+head.Kind)
	}
	for name := range into {
		return fmt.Errorf("there is no %s", name)
	}
	return c.check()
}

func (c *cluster) check() error {
	var problems []error
	pod := c.deployment.Spec.Template
	set := labels.Set(pod.Labels)
	for name, selector := range map[string]map[string]string{
		"Deployment": c.deployment.Spec.Selector.MatchLabels, "Service": c.service.Spec.Selector,
		"PodDisruptionBudget": c.budget.Spec.Selector.MatchLabels, "NetworkPolicy": c.network.Spec.PodSelector.MatchLabels,
	} {
		if len(selector) == 0 || !labels.SelectorFromSet(selector).Matches(set) {
			problems = append(problems, fmt.Errorf("%s does not select the pods", name))
		}
	}
	if int(*c.deployment.Spec.Replicas) <= c.budget.Spec.MinAvailable.IntValue() {
		problems = append(problems, errors.New("the PodDisruptionBudget lets no pod go"))
	}
	for _, container := range pod.Spec.Containers {
		problems = append(problems, locked(&container), mounted(&container, pod.Spec.Volumes))
		if container.LivenessProbe == nil || container.ReadinessProbe == nil || container.StartupProbe == nil {
			problems = append(problems, fmt.Errorf("container %s lacks a probe", container.Name))
		}
	}
	if s := pod.Spec.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.SeccompProfile == nil {
		problems = append(problems, errors.New("the pod may run as root, or without seccomp"))
	}
	return errors.Join(problems...)
}

// locked looks for what the Pod Security Standard "restricted" wants of a container.
func locked(c *core.Container) error {
	s := c.SecurityContext
	if s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem ||
		s.Capabilities == nil || len(s.Capabilities.Drop) != 1 || s.Capabilities.Drop[0] != "ALL" {
		return fmt.Errorf("container %s is not locked up", c.Name)
	}
	return nil
}

// mounted looks that every volume is there, and used.
func mounted(c *core.Container, volumes []core.Volume) error {
	there := map[string]bool{}
	for _, v := range volumes {
		there[v.Name] = true
	}
	for _, m := range c.VolumeMounts {
		if !there[m.Name] {
			return fmt.Errorf("container %s mounts %s, which is no volume", c.Name, m.Name)
		}
		delete(there, m.Name)
	}
	for name := range there {
		return fmt.Errorf("volume %s is not mounted", name)
	}
	return nil
}
