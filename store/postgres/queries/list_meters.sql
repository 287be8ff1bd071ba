-- SPDX-License-Identifier: Apache-2.0

SELECT id, full_at
FROM meters WHERE /* filter */ ORDER BY id LIMIT /* limit */;
