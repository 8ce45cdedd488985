"use strict";
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const cards = all(".card");
  const list = document.querySelector("[data-cards]");
  const count = document.querySelector("[data-count]");
  const search = document.querySelector("[data-search]");
  const audit = document.querySelector("[data-audit]:not(.card)");
  const sort = document.querySelector("[data-sort]");

  const wanted = (card) =>
    all("[data-filter]").every((one) => !one.value || card.dataset[one.dataset.filter] === one.value) &&
    (!audit.checked || card.dataset.audit === "yes") &&
    card.dataset.sought.includes(search.value.trim().toLowerCase());

  const filter = () => {
    for (const card of cards) {
      card.hidden = !wanted(card);
      if (card.hidden) all("video, audio", card).forEach((player) => player.pause());
    }
    const shown = cards.filter((card) => !card.hidden).length;
    count.textContent = shown === cards.length ? `${shown} shown` : `${shown} of ${cards.length} shown`;
    document.querySelector("[data-none]").hidden = shown > 0;
  };

  const order = {
    priority: () => 0,
    time: (a, b) =>
      (a.dataset.source < b.dataset.source ? -1 : a.dataset.source > b.dataset.source ? 1 : 0) ||
      a.dataset.start - b.dataset.start,
  };
  const arrange = () => list.append(...[...cards].sort(order[sort.value]));

  const playerOf = (card) => card.querySelector("video, audio");

  const seek = (card, seconds) => {
    const player = playerOf(card);
    if (!player) return;
    if (player.readyState > 0) {
      player.currentTime = seconds;
      return;
    }
    player.addEventListener("loadedmetadata", () => { player.currentTime = seconds; }, { once: true });
    player.preload = "auto";
    player.load();
  };

  const tell = (card, mark) => {
    const told = card.querySelector(".told");
    if (told) told.textContent = mark ? `${mark.getAttribute("aria-label")}  [${mark.dataset.cue}]` : "";
  };

  const light = (mark) => {
    all(".mark.lit").forEach((one) => one.classList.remove("lit"));
    mark.classList.add("lit");
  };

  const follow = (card) => {
    const player = playerOf(card);
    const lines = all(".now", card);
    if (!player || !lines.length) return;
    const seconds = Number(card.dataset.seconds);
    player.addEventListener("timeupdate", () => {
      const at = `${Math.min(100, (100 * player.currentTime) / seconds)}%`;
      card.classList.add("playing");
      for (const line of lines) {
        line.setAttribute("x1", at);
        line.setAttribute("x2", at);
      }
    });
  };

  for (const card of cards) {
    follow(card);
    for (const mark of all(".mark", card)) {
      for (const event of ["mouseenter", "focus"]) mark.addEventListener(event, () => tell(card, mark));
      for (const event of ["mouseleave", "blur"]) mark.addEventListener(event, () => tell(card, null));
      const go = () => { light(mark); seek(card, Number(mark.dataset.start)); };
      mark.addEventListener("click", go);
      mark.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        go();
      });
    }
    for (const cite of all(".cite", card)) {
      cite.addEventListener("click", (event) => {
        event.preventDefault();
        const mark = document.getElementById(cite.getAttribute("href").slice(1));
        light(mark);
        mark.focus({ preventScroll: true });
        mark.scrollIntoView({ block: "nearest" });
      });
    }
  }

  if (list) {
    for (const one of all("[data-filter]")) one.addEventListener("change", filter);
    search.addEventListener("input", filter);
    audit.addEventListener("change", filter);
    sort.addEventListener("change", arrange);
    filter();
  }
})();
