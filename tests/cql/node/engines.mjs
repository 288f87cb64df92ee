// Two engines by others, each given the same settings. Decimals travel as text.
import cqlExecution from "cql-execution";
import { manager } from "./translator.mjs";

const { log } = console;
console.log = () => {};
const kotlin = await import("@cqframework/cql/engine");
const { KtMap, KtList, KtMutableSet } = await import("@cqframework/cql/kotlin-kotlin-stdlib");
const { BigDecimal } = await import("@cqframework/cql/shared");
console.log = log;

const SYSTEM = "{urn:hl7-org:elm-types:r1}";

/** The type of each parameter of a library: Decimal, Integer, String, Boolean, or List. */
export function parameterTypes(elm) {
  return Object.fromEntries(
    elm.library.parameters.def.map((one) => {
      const kind = one.parameterTypeSpecifier;
      return [one.name, kind.type === "ListTypeSpecifier" ? "List" : kind.name.replace(SYSTEM, "")];
    }),
  );
}

/** A decimal as JSON has it, at most eight places, without an exponent or trailing zeros. */
function decimalText(text) {
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

/** cql-execution (JavaScript, floating point): `defines` of `elm` for each setting. */
export async function byCqlExecution(elm, settings, defines, patients = null, now = null, fhirSource = null, others = {}) {
  const types = parameterTypes(elm);
  const library = new cqlExecution.Library(elm, new cqlExecution.Repository(others));
  const found = [];
  for (const [place, setting] of settings.entries()) {
    const given = {};
    for (const [name, value] of Object.entries(setting)) {
      given[name] = types[name] === "Decimal" ? Number(value) : value;
    }
    const executor = new cqlExecution.Executor(library, new cqlExecution.CodeService({}), given);
    const source = fhirSource ? fhirSource(patients[place]) : new cqlExecution.PatientSource([{ id: "one", recordType: "Patient" }]);
    const at = now ? cqlExecution.DateTime.parse(now) : undefined;
    const results = await executor.exec(source, at);
    const told = { ...results.unfilteredResults, ...Object.values(results.patientResults)[0] };
    found.push(Object.fromEntries(defines.map((name) => [name, plain(told[name])])));
  }
  return found;
}

function plain(value) {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") {
    const rounded = Math.round(value * 1e8) / 1e8;
    return decimalText(rounded.toFixed(8));
  }
  if (Array.isArray(value)) return value.map(plain);
  return value;
}

/** The reference engine of the CQL project (Kotlin, exact decimals): `defines` of the CQL text for each setting. */
export function byReferenceEngine(name, texts, elm, settings, defines) {
  const types = parameterTypes(elm);
  const environment = new kotlin.Environment(manager(texts));
  // an engine keeps what it evaluated, parameters or not: one for each setting
  const engine = () => new kotlin.CqlEngine(environment, KtMutableSet.fromJsSet(new Set([kotlin.CqlEngine.Options.EnableExpressionCaching])));
  return settings.map((setting) => {
    const given = Object.entries(setting)
      .filter(([, value]) => value !== null)
      .map(([one, value]) => [one, value_(types[one], value)]);
    const library = new kotlin.EvaluationParams.LibraryParams(
      KtList.fromJsArray(defines.map((one) => new kotlin.EvaluationExpressionRef(one))),
    );
    const builder = new kotlin.EvaluationParams.Builder();
    builder.parameters = KtMap.fromJsMap(new Map(given));
    builder.libraryByName(name, library);
    const told = engine().evaluate(builder.build()).onlyResultOrThrow;
    return Object.fromEntries(defines.map((one) => [one, unwrapped(told.getByName(one)?.value)]));
  });
}

function value_(type, value) {
  switch (type) {
    case "Decimal":
      // a decimal as CQL writes it: this engine takes what has no point for a whole number
      return new kotlin.Decimal(BigDecimal.fromString(value.includes(".") ? value : `${value}.0`));
    case "Integer":
      return new kotlin.Integer(value);
    case "Boolean":
      return new kotlin.Boolean(value);
    case "List":
      return new kotlin.List(KtList.fromJsArray(value.map((one) => new kotlin.String(one))));
    default:
      return new kotlin.String(value);
  }
}

function unwrapped(value) {
  if (value === undefined || value === null) return null;
  if (value instanceof kotlin.Decimal) return decimalText(value.value.toPlainString());
  if (value instanceof kotlin.Integer) return globalThis.String(value.value);
  if (value instanceof kotlin.Boolean || value instanceof kotlin.String) return value.value;
  if (value instanceof kotlin.List) return [...kotlin.iterableToList(value.value).asJsReadonlyArrayView()].map(unwrapped);
  throw new Error(`unknown type of value: ${value.typeAsString}`);
}
