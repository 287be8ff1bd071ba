-- SPDX-License-Identifier: Apache-2.0

INSERT INTO keyspaces (name, version, formats, environments, policy, created, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7);
