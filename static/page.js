// Arrow keys walk the points of the chart; a button copies a text. Without script every point is reached by Tab.
"use strict";
for (const chart of document.querySelectorAll("svg.plot")) {
  const left = (point) => point.getBoundingClientRect().left;
  const points = [...chart.querySelectorAll("[tabindex]")].sort((one, other) => left(one) - left(other));
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
