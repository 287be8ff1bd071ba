// SPDX-License-Identifier: Apache-2.0

// A client of the vendor's SDK that a Go test speaks to: client.mjs http URL, or client.mjs stdio COMMAND ARGUMENT...
// A line in is a call, {"name", "arguments"}; a line out is its result. The first line out is what tools/list said. The
// SDK itself holds every typed result against the schema of its tool.

import { createInterface } from "node:readline";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [door, target, ...rest] = process.argv.slice(2);
const key = process.env.SERVICE_KEY;
const transport =
  door === "http"
    ? new StreamableHTTPClientTransport(new URL(target), {
        requestInit: { headers: key ? { Authorization: `Bearer ${key}` } : {} },
      })
    : new StdioClientTransport({ command: target, args: rest, env: process.env, stderr: "ignore" });

const client = new Client({ name: "keywright-test", version: "1.0.0" });
await client.connect(transport);
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
say(await client.listTools());
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say(await client.callTool(JSON.parse(line)));
  } catch (error) {
    say({ thrown: String(error) });
  }
}
await client.close();
