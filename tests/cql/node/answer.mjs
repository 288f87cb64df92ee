// Questions come as JSON on standard input; the answer goes to standard output behind a mark, since the libraries log there too.
import { readFileSync } from "node:fs";

export const question = () => JSON.parse(readFileSync(0, "utf8"));
export const answer = (value) => process.stdout.write(`\u0002${JSON.stringify(value)}`, () => process.exit(0));
