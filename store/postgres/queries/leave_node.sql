-- SPDX-License-Identifier: Apache-2.0

DELETE FROM nodes WHERE id = $1;
