-- SPDX-License-Identifier: Apache-2.0

SELECT name, version FROM keyspaces WHERE name = ANY ($1);
