-- SPDX-License-Identifier: Apache-2.0

SELECT id, "full"
FROM meters WHERE /* filter */ ORDER BY id LIMIT ?;
