// {elm, texts, name, settings, defines, engines} → {engine: [{define: value}, …]}; numbers as text.
import { answer, question } from "./answer.mjs";
import { byCqlExecution, byReferenceEngine } from "./engines.mjs";

const { elm, texts, name, settings, defines, engines } = question();
const found = {};
if (engines.includes("cql-execution")) found["cql-execution"] = await byCqlExecution(elm, settings, defines);
if (engines.includes("reference")) found.reference = byReferenceEngine(name, texts, elm, settings, defines);
answer(found);
