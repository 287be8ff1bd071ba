-- SPDX-License-Identifier: Apache-2.0

DELETE FROM events WHERE sequence <= ?;
