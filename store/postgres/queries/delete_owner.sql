-- SPDX-License-Identifier: Apache-2.0

DELETE FROM owners WHERE keyspace = $1 AND id = $2 AND version = $3;
