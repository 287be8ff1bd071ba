-- SPDX-License-Identifier: Apache-2.0

SELECT epoch, sequence, hash FROM head;
