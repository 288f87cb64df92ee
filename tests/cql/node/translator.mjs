// CQL text to ELM by the translator of the CQL project: no locators and no annotations, so that the ELM depends on what the text means.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// the translator logs what it does to the console
const { log, info, debug } = console;
console.log = console.info = console.debug = () => {};
const cql = await import("@cqframework/cql/cql-to-elm");
Object.assign(console, { log, info, debug });

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const fhirModel = join(dirname(require.resolve("cql-exec-fhir")), "modelInfos", "fhir-modelinfo-4.0.1.xml");
const MODELS = { System: join(here, "system-modelinfo.xml"), FHIR: fhirModel };

/** A library manager that finds the two models, and the libraries of `texts` (name to CQL). */
export function manager(texts) {
  const models = new cql.ModelManager();
  models.modelInfoLoader.registerModelInfoProvider(
    cql.createModelInfoProvider((id) => (MODELS[id] ? cql.stringAsSource(readFileSync(MODELS[id], "utf8")) : null)),
  );
  const options = new cql.CqlCompilerOptions();
  // no implicit widening of lists
  options.setOptions([cql.CqlCompilerOptions.Options.DisableListDemotion, cql.CqlCompilerOptions.Options.DisableListPromotion]);
  const found = new cql.LibraryManager(models, options);
  found.librarySourceLoader.registerProvider(
    cql.createLibrarySourceProvider((id) => (texts[id] ? cql.stringAsSource(texts[id]) : null)),
  );
  return found;
}

/** The ELM of one library as an object; an Error names line and reason. */
export function translate(text, texts = {}) {
  const quiet = console.log;
  console.log = () => {};
  try {
    const translator = cql.CqlTranslator.fromText(text, manager(texts));
    const problems = [...translator.exceptions.asJsReadonlyArrayView()].filter((one) => one.severity.name === "Error");
    if (problems.length) {
      const told = problems.map((one) => `line ${one.locator?.startLine}: ${one.message}`);
      throw new Error([...new Set(told)].join("\n"));
    }
    return JSON.parse(translator.toJson());
  } finally {
    console.log = quiet;
  }
}
