// SPDX-License-Identifier: Apache-2.0

// What pages are written with. Only this file knows where the libraries are.

import { h, render, Fragment, Component } from "/console/vendor/preact.js";
import { useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useId } from "/console/vendor/hooks.js";
import htm from "/console/vendor/htm.js";

export const html = htm.bind(h);
export { h, render, Fragment, Component, useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useId };
