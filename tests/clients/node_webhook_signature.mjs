// Lets the official Node client judge the signature of a webhook that arrived, and of one that was tampered with.
import { createRequire } from "node:module";
const require = createRequire(process.env.CLIENTS + "/package.json");
const { verifyRequestSignature } = require("customerio-node");

const { SIGNING_KEY, TIMESTAMP, SIGNATURE, BODY } = process.env;
const judge = (body) =>
  verifyRequestSignature({ signingSecret: SIGNING_KEY, timestamp: TIMESTAMP, signature: SIGNATURE, body });
console.log(JSON.stringify({ arrived: judge(BODY), tampered: judge(BODY + " ") }));
