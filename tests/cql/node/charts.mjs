// {libraries: {name: ELM}, library, charts: [Bundle], now, defines} → [{define: value}, …]: a library that reads FHIR, by cql-execution.
import fhirData from "cql-exec-fhir";
import { answer, question } from "./answer.mjs";
import { byCqlExecution } from "./engines.mjs";

const { libraries, library, charts, now, defines } = question();
const charted = fhirData.PatientSource.FHIRv401(); // reads the model of FHIR: once for all
const source = (bundle) => {
  charted.reset();
  charted.loadBundles([bundle]);
  return charted;
};
answer(await byCqlExecution(libraries[library], charts.map(() => ({})), defines, charts, now, source, libraries));
