// Reads a JSON array of resources, writes for each the messages of severity error or fatal.
const { Fhir } = require("fhir");

const fhir = new Fhir();
const resources = JSON.parse(require("fs").readFileSync(0, "utf8"));
const problems = resources.map((resource) =>
  fhir.validate(resource, { errorOnUnexpected: true }).messages
    .filter((message) => ["error", "fatal"].includes(message.severity))
    .map((message) => `${message.location}: ${message.message}`),
);
process.stdout.write(JSON.stringify(problems));
