// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	_ "embed" // the statements
)

var (
	//go:embed queries/add_usage.sql
	addUsageSQL string
	//go:embed queries/put_use.sql
	putUseSQL string
	//go:embed queries/put_meter.sql
	putMeterSQL string
	//go:embed queries/forget_usage.sql
	forgetUsageSQL string
	//go:embed queries/forget_meters.sql
	forgetMetersSQL string
)

// tallyStatements write what was counted.
type tallyStatements struct {
	addUsage, putUse, putMeter, forgetUsage, forgetMeters *sql.Stmt
}

func (s *tallyStatements) all() []statement {
	return []statement{
		{&s.addUsage, addUsageSQL},
		{&s.putUse, putUseSQL},
		{&s.putMeter, putMeterSQL},
		{&s.forgetUsage, forgetUsageSQL},
		{&s.forgetMeters, forgetMetersSQL},
	}
}
