// SPDX-License-Identifier: Apache-2.0

package limit_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/limit/limittest"
)

func TestMemory(t *testing.T) {
	limittest.Run(t, func(*testing.T) func() authority.Limiter {
		l := authority.NewMemoryLimiter(time.Now, [16]byte{1})
		return func() authority.Limiter { return l }
	})
}
