// Publish by Celery's own protocol: the task `documents.submit` decides documents at once and returns their outcomes.
//
//     PERPETUA_BROKER_URL=redis://... PERPETUA_PUBLISHER=webshop PERPETUA_PUBLISHER_KEY=KEY node celery.mjs documents.ndjson
//
// Prints one outcome a line. Ends with 0 where every document was posted (masters: accepted), with 1 otherwise.

import { readFile } from "node:fs/promises";
import celery from "celery-node";
import { fields } from "./signing.mjs";

const { PERPETUA_BROKER_URL } = process.env;

const lines = (await readFile(process.argv[2], "utf8")).split("\n").filter((line) => line.trim());
const client = celery.createClient(PERPETUA_BROKER_URL, PERPETUA_BROKER_URL);
// A signed document is an object with the fields that a message of the intake stream has.
const outcomes = await client.createTask("documents.submit").applyAsync([lines.map((line) => fields(line))]).get(60_000);
for (const outcome of outcomes) console.log(JSON.stringify(outcome));
await client.disconnect();
process.exitCode = outcomes.every(({ status }) => ["posted", "accepted"].includes(status)) ? 0 : 1;
