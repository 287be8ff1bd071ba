-- SPDX-License-Identifier: Apache-2.0

-- What does not add to the chain needs no more of head than that nobody takes the store over meanwhile.
SELECT epoch FROM head FOR KEY SHARE;
