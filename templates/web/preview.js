// Shows what a form means while it is filled in: the same page that its button "Preview" asks for, of which one part is taken.
"use strict";
(() => {
  const form = document.querySelector("form[data-preview]");
  const shown = document.getElementById("preview");
  if (!form || !shown) return;
  const PAUSE = 400; // milliseconds without typing
  let waiting, asked;

  async function look() {
    if (!form.elements.title.value.trim() || !form.elements.deadline.value.trim()) return;
    asked?.abort();
    asked = new AbortController();
    const stated = new URLSearchParams(new FormData(form));
    stated.set("choice", "preview");
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body: stated, signal: asked.signal });
      if (answer.status !== 200 && answer.status !== 422) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("preview");
      if (fresh) shown.replaceChildren(...fresh.childNodes);
    } catch (error) {
      if (error.name !== "AbortError") shown.textContent = "It cannot be shown now: press “Preview”.";
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, PAUSE);
  });
  // Typed before this script had come, or put back by the browser.
  if (form.elements.deadline.value !== form.elements.deadline.defaultValue) look();
})();
