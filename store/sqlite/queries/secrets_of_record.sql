-- SPDX-License-Identifier: Apache-2.0

SELECT keyspace, hash, public_id, created, expires, registered FROM secrets WHERE record = ? ORDER BY position;
