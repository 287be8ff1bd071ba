-- SPDX-License-Identifier: Apache-2.0

DELETE FROM owners WHERE keyspace = ? AND id = ? AND version = ?;
