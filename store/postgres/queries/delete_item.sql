-- SPDX-License-Identifier: Apache-2.0

DELETE FROM items WHERE kind = $1 AND name = $2 AND version = $3;
