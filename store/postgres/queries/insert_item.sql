-- SPDX-License-Identifier: Apache-2.0

INSERT INTO items (kind, name, version, data, created)
VALUES ($1, $2, $3, $4, $5);
