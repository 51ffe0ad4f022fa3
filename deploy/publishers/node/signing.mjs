// The fields of one message: the document, who publishes it, and the signature that proves it.

import { createHmac } from "node:crypto";

const { PERPETUA_PUBLISHER, PERPETUA_PUBLISHER_KEY } = process.env;

// What is sent beside a document. The signature covers the very bytes that are sent, so the JSON text is made once.
export function fields(document, publisher = PERPETUA_PUBLISHER, key = PERPETUA_PUBLISHER_KEY) {
  if (!key) return publisher ? { document, publisher } : { document };
  const signed_at = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", key)
    .update(["perpetua document 1", publisher, signed_at, document].join("\n"))
    .digest("hex");
  return { document, publisher, signed_at, signature };
}
