-- SPDX-License-Identifier: Apache-2.0

DELETE FROM secrets WHERE record = $1;
