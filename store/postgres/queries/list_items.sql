-- SPDX-License-Identifier: Apache-2.0

SELECT kind, name, version, data, created
FROM items WHERE /* filter */ ORDER BY kind, name LIMIT /* limit */;
