// Publish documents by one XADD each, signed, and read what became of them from the outcomes stream.
//
//     PERPETUA_REDIS_URL=redis://publisher-webshop:PASSWORD@host:6379/0 PERPETUA_PUBLISHER=webshop PERPETUA_PUBLISHER_KEY=KEY \
//         node publish.mjs documents.ndjson
//
// Prints one outcome a line. Ends with 0 where every document was posted (masters: accepted), with 1 where one was refused or waits.

import { readFile } from "node:fs/promises";
import { createClient } from "redis";
import { fields } from "./signing.mjs";

const { PERPETUA_REDIS_URL } = process.env;
const PATIENCE_MILLISECONDS = 60_000;

// A document's number, a master's name; an item's is its code, and a master that names no company is shared.
function keyOf({ company = "*", type, number, name, code }) {
  return JSON.stringify([company, type, number ?? code ?? name]);
}

async function main(file) {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line.trim());
  const redis = await createClient({ url: PERPETUA_REDIS_URL }).connect();
  try {
    // Keep a document until its outcome has come; sending it again is always safe.
    const waiting = new Map();
    let position;
    for (const line of lines) {
      const id = await redis.xAdd("perpetua:intake", "*", fields(line));
      position ??= `${BigInt(id.split("-")[0]) - 1n}-0`; // both streams count by the server's clock
      waiting.set(keyOf(JSON.parse(line)), id);
    }
    let refused = 0;
    for (const end = Date.now() + PATIENCE_MILLISECONDS; waiting.size && Date.now() < end; ) {
      const reply = await redis.xRead({ key: "perpetua:outcomes", id: position }, { BLOCK: 1000, COUNT: 100 });
      for (const { id, message } of reply?.[0]?.messages ?? []) {
        position = id;
        const outcome = JSON.parse(message.outcome);
        const key = keyOf(outcome);
        const meant = outcome.error?.details?.message_id ?? waiting.get(key);
        // A document that is accepted is still to be decided; a master holds at once, and has no sequence.
        const decided = outcome.status !== "accepted" || outcome.sequence === null;
        if (!waiting.has(key) || meant !== waiting.get(key) || !decided) continue;
        waiting.delete(key);
        refused += !["posted", "accepted"].includes(outcome.status);
        console.log(JSON.stringify(outcome));
      }
    }
    for (const key of waiting.keys()) console.error(`no outcome yet, send it again: ${key}`);
    return refused || waiting.size ? 1 : 0;
  } finally {
    await redis.close();
  }
}

process.exitCode = await main(process.argv[2]);
