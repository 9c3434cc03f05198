"use strict";
(() => {
  const list = document.getElementById("claims");
  const sections = [...list.querySelectorAll("section")];
  const claims = [...list.querySelectorAll("article.claim")];
  const home = new Map(claims.map((claim) => [claim, claim.parentNode]));
  const search = document.getElementById("search");
  const status = document.getElementById("status");
  const sort = document.getElementById("sort");
  const shown = document.getElementById("shown");
  const unfold = document.getElementById("unfold");
  const outcome = () => document.querySelector('input[name="outcome"]:checked').value;

  const orders = {
    name: (a, b) => a.dataset.name.localeCompare(b.dataset.name),
    used: (a, b) => share(b) - share(a),
    outcome: (a, b) => rank(a) - rank(b) || orders.name(a, b),
    seconds: (a, b) => b.dataset.seconds - a.dataset.seconds,
  };
  const share = (claim) => (claim.dataset.used === "" ? Infinity : Number(claim.dataset.used));
  const rank = (claim) => (claim.dataset.failed === "yes" ? 0 : { undecided: 1, refuted: 2, holds: 3 }[claim.dataset.outcome] ?? 4);

  function arrange() {
    if (sort.value === "page") {
      claims.forEach((claim) => home.get(claim).append(claim));
    } else {
      [...claims].sort(orders[sort.value]).forEach((claim) => list.append(claim));
    }
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = outcome();
    let count = 0;
    for (const claim of claims) {
      const data = claim.dataset;
      const fits =
        words.every((word) => data.words.includes(word)) &&
        (!wanted || data.outcome === wanted || (wanted === "failed" && data.failed === "yes")) &&
        (!status.value || data.status === status.value);
      claim.hidden = !fits;
      count += fits;
    }
    for (const section of sections) {
      section.hidden = !section.querySelector("article.claim:not([hidden])");
    }
    shown.value = count === claims.length ? "" : `${count} of ${claims.length} shown`;
  }

  const folds = () => [...list.querySelectorAll("details")];
  function fold(open) {
    folds().forEach((part) => (part.open = open));
    unfold.textContent = open ? "Fold all" : "Unfold all";
  }

  search.addEventListener("input", filter);
  document.querySelectorAll('input[name="outcome"]').forEach((chip) => chip.addEventListener("change", filter));
  status.addEventListener("change", filter);
  sort.addEventListener("change", () => { arrange(); filter(); });
  unfold.addEventListener("click", () => fold(!folds().every((part) => part.open)));

  window.addEventListener("hashchange", reveal);
  function reveal() {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.hidden) { search.value = ""; status.value = ""; document.querySelector('input[name="outcome"]').checked = true; filter(); target.scrollIntoView(); }
  }
  document.documentElement.classList.add("scripted");
})();
