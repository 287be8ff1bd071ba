-- SPDX-License-Identifier: Apache-2.0

DELETE FROM items WHERE kind = ? AND name = ? AND version = ?;
