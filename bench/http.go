// SPDX-License-Identifier: Apache-2.0

package main

import "errors"

func overHTTP() error           { return errors.New("to be written") }
func serveChild([]string) error { return nil }
