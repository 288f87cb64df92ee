// A CDS Hooks service made of nothing but the exported Bundle and cql-execution: node benchmarks/cql_peer.mjs BUNDLE PORT.
// The packages are those of tests/cql/node.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(new URL("../tests/cql/node/package.json", import.meta.url));
const cql = require("cql-execution");
const fhir = require("cql-exec-fhir");

const [file, port] = process.argv.slice(2);
const exported = JSON.parse(readFileSync(file, "utf8")).entry.map((entry) => entry.resource);
const plan = exported.find((resource) => resource.resourceType === "PlanDefinition");
const elms = Object.fromEntries(exported.filter((one) => one.resourceType === "Library").map((library) => [library.name, elmOf(library)]));
const main = plan.library[0].split("/").pop().split("|")[0];
const executor = new cql.Executor(new cql.Library(elms[main], new cql.Repository(elms)), new cql.CodeService({}));
const source = fhir.PatientSource.FHIRv401();
const service = { hook: "patient-view", id: plan.id, title: plan.title, description: plan.description, prefetch: {} };

function elmOf(library) {
  const content = library.content.find((one) => one.contentType === "application/elm+json");
  return JSON.parse(Buffer.from(content.data, "base64").toString());
}

function resourcesOf(prefetch) {
  const sent = Object.values(prefetch ?? {}).filter(Boolean);
  return sent.flatMap((one) => (one.resourceType === "Bundle" ? (one.entry ?? []).map((entry) => entry.resource) : [one]));
}

/** The actions that apply, by the plan's own conditions, each with its values. */
async function applied(prefetch) {
  source.reset();
  source.loadBundles([{ resourceType: "Bundle", type: "collection", entry: resourcesOf(prefetch).map((resource) => ({ resource })) }]);
  const { patientResults } = await executor.exec(source);
  const told = Object.values(patientResults)[0] ?? {};
  const holds = (action) => action.condition.every((one) => told[one.expression.expression] === true);
  return { told, actions: plan.action.filter(holds) };
}

function card({ told, actions }) {
  const row = actions.find((action) => action.id.startsWith("REP-"));
  if (!row) return [];
  const proposals = actions.filter((action) => action.definitionCanonical).map((action) => suggestion(action, told));
  return [
    {
      summary: `${told.Action}: ${row.title}`,
      indicator: told.Indicator,
      detail: actions.map((action) => `- ${action.prefix} ${action.title}: ${action.description}`).join("\n"),
      source: { label: plan.publisher, topic: { system: row.code[0].coding[0].system, code: row.id, display: row.title } },
      suggestions: proposals,
      ...(proposals.length ? { selectionBehavior: "any" } : {}),
    },
  ];
}

function suggestion(action, told) {
  const quantity = (action.dynamicValue ?? []).map((one) => told[one.expression.expression]).find((value) => value?.isQuantity);
  return { label: quantity ? `${action.id}: ${quantity.value} ${quantity.unit}` : `${action.id}: fibrinogen`, uuid: crypto.randomUUID() };
}

async function answered(path, body) {
  if (path === "/cds-services") return { services: [service] };
  if (path === `/cds-services/${plan.id}`) return { cards: card(await applied(JSON.parse(body).prefetch)) };
  return path === "/healthz" ? {} : null;
}

let turn = Promise.resolve(); // one patient at a time: the data source is shared
createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    turn = turn.then(async () => {
      const told = await answered(request.url, Buffer.concat(parts).toString()).catch((error) => ({ error: String(error) }));
      response.writeHead(told === null ? 404 : told.error ? 500 : 200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(told));
    });
  });
}).listen(Number(port), "127.0.0.1");
