// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, lstatSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileProblem, isSystemError, misused, unknowable } from "./failure.js";

/**
 * A SecretFile is a file that only its owner can read. It is seen whole or not at all: it is written under another name
 * and gets its own when it is done. One that exists is not replaced unless `force` says so.
 */
export class SecretFile {
	/** @param {string} path @param {boolean} force */
	constructor(path, force) {
		if (!force && lstatSync(path, { throwIfNoEntry: false })) {
			throw exists(path);
		}
		this.path = path;
		this.force = force;
		this.name = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
		this.open = false;
		try {
			this.fd = openSync(this.name, "wx", 0o600);
			this.open = true;
		} catch (error) {
			throw unknowable(`cannot write to the folder of ${path}: ${fileProblem(error)}`, "name a file in a folder that you can write to");
		}
	}

	/** @param {string} text */
	write(text) {
		const bytes = Buffer.from(text);
		this.attempt(() => {
			for (let n = 0; n < bytes.length;) {
				n += writeSync(/** @type {number} */ (this.fd), bytes, n);
			}
		});
	}

	/** Gives the file its name. */
	done() {
		this.attempt(() => {
			fsyncSync(/** @type {number} */ (this.fd));
			this.close();
			if (this.force) {
				return renameSync(this.name, this.path);
			}
			linkOrClaim(this.name, this.path);
		});
	}

	/** Takes away what was begun. After done it does nothing. */
	discard() {
		if (this.open) {
			this.close();
			unlinkSync(this.name);
		}
	}

	close() {
		this.open = false;
		closeSync(/** @type {number} */ (this.fd));
	}

	/** @param {() => void} act */
	attempt(act) {
		try {
			act();
		} catch (error) {
			if (this.open) {
				this.close();
			}
			try {
				unlinkSync(this.name);
			} catch {
				// it has its own name already
			}
			throw isSystemError(error, "EEXIST") ? exists(this.path) : unknowable(`cannot write ${this.path}: ${fileProblem(error)}`, "");
		}
	}
}

/**
 * Gives a file its name where that is free. A rename alone would replace what is there.
 * @param {string} name @param {string} path
 */
function linkOrClaim(name, path) {
	try {
		linkSync(name, path);
	} catch (error) {
		if (isSystemError(error, "EEXIST")) {
			throw error;
		}
		closeSync(openSync(path, "wx", 0o600)); // no links on this file system: take the name first
		renameSync(name, path);
		return;
	}
	unlinkSync(name);
}

/** @param {string} path */
function exists(path) {
	return misused(`${path} exists, and it may hold keys`, "name another file, or give --force to replace it");
}
