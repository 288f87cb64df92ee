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

// What was typed, in words against a slipped digit, as the receipt has it: "two thousand five hundred milligrams, 3 vials".
const ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
const TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
function letter(n) {
  if (n < 20) return ONES[n];
  if (n < 100) return TENS[Math.floor(n / 10)] + (n % 10 ? "-" + ONES[n % 10] : "");
  if (n < 1000) return ONES[Math.floor(n / 100)] + " hundred" + (n % 100 ? " and " + letter(n % 100) : "");
  return letter(Math.floor(n / 1000)) + " thousand" + (n % 1000 ? " " + letter(n % 1000) : "");
}
function inWords(amount, vial) {
  if (!Number.isInteger(amount) || amount < 1 || amount > 999999) return "not a whole amount";
  if (!vial) return letter(amount) + (amount === 1 ? " unit" : " units");
  const vials = Math.ceil(amount / vial);
  return `${letter(amount)} milligrams, ${vials} vial${vials === 1 ? "" : "s"}`;
}

// The amount in steps of whole vials or units; above the patient's limit the button is off and says why.
const field = document.querySelector("input#amount");
if (field) {
  const over = field.form.querySelector("[data-over]");
  const amount = () => Number(field.value.replace(/\s/g, "").replace(",", "."));
  const letters = field.form.querySelector("[data-letters]");
  const proposed = letters.textContent;
  const check = () => {
    letters.textContent = field.value === field.defaultValue ? proposed : inWords(amount(), Number(letters.dataset.vial));
    over.hidden = !(field.dataset.most && amount() > Number(field.dataset.most));
    field.form.querySelector("button.primary").disabled = !over.hidden;
  };
  field.addEventListener("input", check);
  for (const button of field.form.parentElement.querySelectorAll("[data-steps]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      field.value = String(Math.max(0, (amount() || 0) + Number(button.dataset.steps)));
      check();
    });
  }
  check();
}
