-- SPDX-License-Identifier: Apache-2.0

SELECT name, version, formats, environments, policy, created, updated
FROM keyspaces WHERE /* filter */ ORDER BY name LIMIT /* limit */;
