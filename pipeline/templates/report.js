"use strict";
const form = document.getElementById("filters");
const cards = [...document.querySelectorAll(".card")];
const text = new Map(cards.map((card) => [card, card.querySelector(".told").textContent.toLowerCase()]));
function show() {
  const wanted = new FormData(form);
  const words = wanted.get("words").toLowerCase();
  let shown = 0;
  for (const card of cards) {
    const fits = ["decision", "fused", "category", "source"].every((name) => !wanted.get(name) || card.dataset[name] === wanted.get(name));
    card.hidden = !(fits && (!wanted.get("audit") || card.dataset.audit) && text.get(card).includes(words));
    shown += !card.hidden;
  }
  document.getElementById("count").textContent = shown + " shown";
}
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-cue]");
  if (!link) return;
  const card = link.closest(".card");
  for (const old of card.querySelectorAll(".lit")) old.classList.remove("lit");
  for (const same of card.querySelectorAll("[data-cue]")) if (same.dataset.cue === link.dataset.cue) same.classList.add("lit");
  if (link.classList.contains("cite")) {
    event.preventDefault();
    card.querySelector("details").open = true;
  }
  const mark = [...card.querySelectorAll("button.cue")].find((one) => one.dataset.cue === link.dataset.cue);
  const player = card.querySelector("video, audio");
  if (mark && player) {
    const seek = () => { player.currentTime = Number(mark.dataset.start); };
    if (player.readyState > 0) seek();
    else { player.addEventListener("loadedmetadata", seek, { once: true }); player.load(); }
  }
});
show();
