// What script adds; without it every point is reached by Tab, every text can be selected, and the server says what is too much.
"use strict";

// Arrow keys walk the points of the chart, one of which is in the order of Tab; what is heard stands below in words.
for (const chart of document.querySelectorAll("svg.plot")) {
  const left = (point) => point.getBoundingClientRect().left;
  const points = [...chart.querySelectorAll("[tabindex]")].sort((one, other) => left(one) - left(other));
  const newest = points.filter((point) => point.classList.contains("point")).pop() || points[points.length - 1];
  const words = chart.parentElement.querySelector("[data-pointed]");
  const enter = (point) => { for (const each of points) each.setAttribute("tabindex", each === point ? "0" : "-1"); };
  const told = (event) => {
    const point = event.target.closest("[tabindex]");
    if (point) words.textContent = point.getAttribute("aria-label");
  };
  if (newest) enter(newest);
  chart.addEventListener("pointerover", told);
  // on the parent: a listener for focus would make the drawing itself a stop of Tab
  chart.parentElement.addEventListener("focusin", (event) => {
    if (!points.includes(event.target)) return;
    told(event);
    enter(event.target);
  });
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = points.indexOf(document.activeElement);
    const to = event.key === "Home" ? 0 : event.key === "End" ? points.length - 1 : at + step;
    if (at < 0 || Number.isNaN(to) || !points[to]) return;
    event.preventDefault();
    points[to].focus();
  });
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  const text = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", () => {
    text.select();
    navigator.clipboard.writeText(text.value).then(() => { button.textContent = "Copied"; }, () => {});
  });
}

// A page that still reads goes on by itself; one that came in parts is named when it is whole.
const awaited = document.querySelector("[data-again]");
if (awaited) setTimeout(() => { location.replace(awaited.dataset.again); }, 1000 * awaited.dataset.seconds);
const verdict = document.querySelector("[data-title]");
if (verdict) document.title = verdict.dataset.title;

// What was typed, in words against a slipped digit, or why it cannot be approved: the sentences of smartapp/web/amounts.py
// (tests/web/test_typed_amounts.py has both read one table).
const ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
const TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
function letters(n) {
  if (n < 20) return ONES[n];
  if (n < 100) return TENS[Math.floor(n / 10)] + (n % 10 ? "-" + ONES[n % 10] : "");
  if (n < 1000) return ONES[Math.floor(n / 100)] + " hundred" + (n % 100 ? " and " + letters(n % 100) : "");
  return letters(Math.floor(n / 1000)) + " thousand" + (n % 1000 ? " " + letters(n % 1000) : "");
}
const MG = "milligram";
const SPACES = " \t\u00a0\u2009\u202f";
const GROUPED = new RegExp(`^[0-9]{1,3}([${SPACES}'’][0-9]{3})+([.,][0-9]{1,3})?$`);
function numberIn(typed) {
  let text = typed.replace(new RegExp(`^[${SPACES}]+|[${SPACES}]+$`, "g"), "");
  if (GROUPED.test(text)) text = text.replace(new RegExp(`[${SPACES}'’]`, "g"), "");
  else if (/^[1-9][0-9]{0,2}[.,][0-9]{3}$/.test(text)) {
    const [whole, part] = text.split(/[.,]/);
    return { why: `${text} can be read as ${whole} or as ${whole}${part}.` };
  }
  if (!/^[0-9]{1,6}([.,][0-9]{1,3})?$/.test(text)) return { why: `${[...text].slice(0, 20).join("") || "An empty amount"} is not an amount.` };
  return { amount: Number(text.replace(",", ".")) };
}
// `entry`: what it counts, what was computed, the most that may be approved and one vial in mg (empty: none), as on the field.
function echo(entry, typed) {
  const { amount, why } = numberIn(typed);
  if (why) return { why };
  const said = (n) => (entry.counts === MG ? `${n} mg` : `${n} ${entry.counts}${n === 1 ? "" : "s"}`);
  const computed = Number(entry.computed), vial = Number(entry.vial);
  const slip = (vial && computed >= vial && amount * 2 < vial) || amount * 10 <= computed;
  if (amount <= 0) return { why: "The amount is zero." };
  if (!Number.isInteger(amount) && !(slip && entry.counts === MG)) return { why: `${said(amount)} is not a whole number of ${entry.counts}s.` };
  if (entry.most && amount > Number(entry.most)) return { why: `${said(amount)} is above the limit for this patient, ${said(Number(entry.most))}.` };
  if (slip) {
    const grams = Math.round(amount * 1000);
    const meant = entry.counts === MG && computed <= grams * 2 && grams <= computed * 2;
    return { why: `${said(amount)} is far below the computed dose: ${meant ? `did you mean ${grams} mg (${amount} g)?` : `${said(computed)} computed.`}` };
  }
  const words = `${letters(amount)} ${entry.counts}${amount === 1 ? "" : "s"}`;
  const vials = vial ? Math.ceil(amount / vial) : 0;
  return { words: vials ? `${words}, ${vials} vial${vials === 1 ? "" : "s"}` : words };
}

// The amount in steps of whole vials or units; what cannot be approved switches the button off and says why.
const field = document.querySelector("input#amount");
if (field) {
  const told = field.form.querySelector("[data-letters]");
  const check = () => {
    const { words, why } = echo(field.dataset, field.value);
    told.textContent = words || why;
    told.classList.toggle("refused", Boolean(why));
    field.form.querySelector("button.primary").disabled = Boolean(why);
  };
  field.addEventListener("input", check);
  for (const button of field.form.parentElement.querySelectorAll("[data-steps]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      field.value = String(Math.max(0, (numberIn(field.value).amount || 0) + Number(button.dataset.steps)));
      check();
    });
  }
}
