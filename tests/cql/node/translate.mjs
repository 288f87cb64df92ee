// {"name": "CQL text", …} → {"name": ELM, …}.
import { answer, question } from "./answer.mjs";
import { translate } from "./translator.mjs";

const texts = question();
answer(Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, translate(text, texts)])));
