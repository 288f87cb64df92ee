// {bundle, charts} → [[RequestGroup and the resources made], …]: PlanDefinition/$apply by encender, of nothing but the exported Bundle.
import { applyPlan, simpleResolver } from "encender";
import { answer, question } from "./answer.mjs";

const { bundle, charts } = question();
const exported = bundle.entry.map((entry) => entry.resource);
const plan = exported.find((resource) => resource.resourceType === "PlanDefinition");
const elm = (library) =>
  JSON.parse(Buffer.from(library.content.find((one) => one.contentType === "application/elm+json").data, "base64").toString());
const libraries = Object.fromEntries(
  exported.filter((resource) => resource.resourceType === "Library").map((library) => [library.name, elm(library)]),
);

const found = [];
for (const chart of charts) {
  const patient = chart.find((resource) => resource.resourceType === "Patient");
  const definitions = simpleResolver(exported);
  const records = simpleResolver(chart);
  const resolver = async (reference) =>
    !reference ? records() : /Definition|Library/.test(reference) ? definitions(reference) : records(reference);
  let made = 0;
  const aux = { getId: () => `made-${++made}`, elmJsonDependencies: plan.library[0].includes("OnChart") ? onChart(libraries) : libraries };
  const [, group, ...resources] = await applyPlan(plan, `Patient/${patient.id}`, resolver, aux);
  found.push([group, ...resources]);
}
answer(found);

// encender takes the first library whose name the reference contains
function onChart(all) {
  const { FibrinogenReplacementOnChart, FibrinogenChart } = all;
  return { FibrinogenReplacementOnChart, FibrinogenChart };
}
