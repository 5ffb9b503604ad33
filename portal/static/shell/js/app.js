// What moves on a page. Everything here improves a page that already works without it.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, within = document) => within.querySelectorAll(selector);
  const say = (words) => { const live = document.getElementById("live"); if (live) live.textContent = words; };
  const isHttps = location.protocol === "https:";
  const remember = (name, value) => { document.cookie = `${isHttps ? "__Host-" : ""}${name}=${value};path=/;max-age=31536000;samesite=lax${isHttps ? ";secure" : ""}`; };

  // Preferences: drawn at once here, and by the server from the same cookie on the next page.
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const prefer = {
    theme: () => { root.dataset.theme = isDark() ? "light" : "dark"; remember("theme", root.dataset.theme); redraw(); },
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.preference in prefer) { event.preventDefault(); prefer[form.dataset.preference](); return; }
    const sheet = form.closest("[popover]");
    if (sheet && sheet.matches(":popover-open")) sheet.hidePopover();
    if (form.method !== "post" || form.matches("[hx-post]")) return;
    // A second click on a slow line must not send the form twice.
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    (event.submitter || form).setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => all("[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    all("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
  }));

  // What was typed when the stay ended comes back into its form.
  const restore = ({ sent_to, fields }) => {
    const form = [...document.forms].find((one) => one.method === "post" && sentTo(one) === sent_to);
    if (!form) return;
    for (const field of form.elements) {
      const values = fields[field.name] || [];
      if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
      else if (values.length && !UNKEPT.includes(field.type)) field.value = values[0];
    }
    const notice = document.getElementById("restored");
    form.prepend(notice);
    notice.hidden = false;
  };
  const UNKEPT = ["hidden", "password", "file"];
  const sentTo = (form) => new URL(form.getAttribute("action") || "", location).pathname;
  const typed = document.getElementById("typed");
  if (typed) restore(JSON.parse(typed.textContent));

  // Typing holds the stay and is kept, twice a minute at most; two minutes before the end the page says so.
  const stay = document.getElementById("stay");
  let edited, leaving, warning;
  const moveEnd = () => {
    stay.hidden = true;
    clearTimeout(warning);
    warning = setTimeout(() => { stay.hidden = false; }, (stay.dataset.seconds - 120) * 1000);
  };
  const hold = () => {
    leaving = null;
    const body = new FormData(edited);
    for (const field of edited ? edited.elements : []) if (UNKEPT.includes(field.type)) body.delete(field.name);
    const about = new URLSearchParams({ page: location.pathname, sent_to: edited ? sentTo(edited) : "" });
    const headers = { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value };
    fetch(`${stay.dataset.hold}?${about}`, { method: "POST", body, headers }).then(moveEnd, () => {});
  };
  if (stay) {
    moveEnd();
    stay.querySelector("[data-hand]").addEventListener("click", hold);
    if (!location.pathname.startsWith("/accounts/")) document.addEventListener("input", ({ target }) => {
      if (target.form?.method !== "post" || target.form.hasAttribute("hx-post")) return;
      edited = target.form;
      leaving ||= setTimeout(hold, 30000);
    });
  }

  document.addEventListener("click", (event) => {
    const near = (selector) => event.target.closest(selector);
    all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    const opener = near("[data-dialog]");
    if (opener) { event.preventDefault(); document.getElementById(opener.dataset.dialog).showModal(); }
    if (near("[data-close]")) near("dialog").close();
    if (near("[data-dismiss]")) near(".notice").remove();
    if (near("[data-print]")) print();
    const phrase = near("[data-insert]");
    if (phrase) {
      const box = document.getElementById(phrase.dataset.insert);
      box.value = [box.value.trim(), phrase.textContent.trim()].filter(Boolean).join("\n");
      box.focus();
    }
    if (near("[data-fullscreen]")) document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen();
    const turn = near("[data-rotate]");
    if (turn) {
      if (rotation) { clearInterval(rotation); rotation = null; } else rotation = setInterval(rotate, 12000);
      turn.setAttribute("aria-pressed", Boolean(rotation));
      rotate();
    }
    const pause = near("[data-pause]");
    if (pause) { isPaused = !isPaused; pause.setAttribute("aria-pressed", isPaused); }
    const copy = near("[data-copy]");
    if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => {
      copy.classList.add("is-done");
      say(copy.dataset.done);
      setTimeout(() => { copy.classList.remove("is-done"); say(""); }, 2500);
    });
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea, [contenteditable]");
    const box = document.querySelector("[data-slash]");
    const palette = document.getElementById("palette");
    const isPlain = root.dataset.keys !== "off" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "/" && isPlain && (box || palette)) { event.preventDefault(); box ? box.focus() : palette.showModal(); }
    if (event.key === "k" && (event.ctrlKey || event.metaKey) && palette && !palette.open) { event.preventDefault(); palette.showModal(); }
    const key = isPlain && document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (key) key.click();
    if (event.key !== "Escape") return;
    all("details.menu[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  });

  const offline = document.getElementById("offline");
  const showLine = () => { if (offline) offline.hidden = navigator.onLine; };
  addEventListener("online", showLine);
  addEventListener("offline", showLine);
  showLine();

  // How many rows are ticked, and whether the whole list is meant.
  document.addEventListener("change", (event) => {
    const bulk = event.target.form && event.target.form.matches("[data-bulk]") && event.target.form;
    if (!bulk) return;
    const rows = [...all('input[name="codes"][form="bulk"]')];
    bulk.querySelector("[data-picked]").textContent = bulk.elements.all.checked ? bulk.closest("[data-count]").dataset.count : rows.filter((row) => row.checked).length;
    if (event.target === bulk.elements.all) rows.forEach((row) => { row.checked = event.target.checked; });
    else bulk.elements.all.checked = false;
  });

  // Pinyin is not yet a query: while it is being composed nothing is sent.
  let isComposing = false;
  let isPaused = false;
  document.addEventListener("compositionstart", () => { isComposing = true; });
  document.addEventListener("compositionend", (event) => {
    isComposing = false;
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });

  const isPolling = (part) => (part.getAttribute("hx-trigger") || "").includes("every");
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]");
    if (token) event.detail.headers["X-CSRFToken"] = token.value;
    // A page that refreshes itself is no hand on the keyboard: the stay may end meanwhile.
    if (isPolling(event.target)) event.detail.headers["X-Background"] = "1";
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isComposing || (isPolling(event.target) && (document.hidden || isPaused))) event.preventDefault();
  });
  // The wall: each panel in turn fills the screen, then all of them together; the pause button holds it.
  let spot = -1;
  let rotation = null;
  const rotate = () => {
    if (isPaused || document.hidden) return;
    const panels = [...all(".wall-panel")];
    panels.forEach((panel) => panel.classList.remove("is-spot"));
    spot = rotation && spot + 1 < panels.length ? spot + 1 : -1;
    if (spot >= 0) panels[spot].classList.add("is-spot");
    redraw();
  };

  let wasAtEnd = new WeakSet();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    // Refusals come as designed fragments; show them where the answer was expected.
    if ([403, 404, 409, 422, 429].includes(xhr.status) && !(xhr.responseText || "").includes("<html")) event.detail.shouldSwap = true;
    all("[data-follow]", target.parentNode || target).forEach((log) => {
      if (log.scrollHeight - log.scrollTop - log.clientHeight < 40) wasAtEnd.add(log);
    });
    forget(target);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const around = event.target.parentNode || document;
    all("[data-follow]", around).forEach((log) => { log.scrollTop = log.scrollHeight; });
    markStale(false);
  });
  document.addEventListener("htmx:afterSettle", () => {
    charts();
    const results = document.querySelector("[data-count]");
    if (results) all("[data-count-here]").forEach((place) => { place.textContent = results.dataset.count; });
  });
  const markStale = (isStale) => all("[data-live]").forEach((part) => part.classList.toggle("is-cut-off", isStale));
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(name, () => markStale(true));

  // Charts: the bundle is fetched only when a page has one and somebody has built it.
  let drawing = null;
  const charts = () => {
    const waiting = [...all("[data-chart]:not(.is-live)")];
    if (!waiting.length) return;
    drawing ||= import(waiting[0].dataset.chart);
    drawing.then((module) => waiting.forEach((figure) => module.draw(figure)), () => {});
  };
  const forget = (within) => { if (drawing) drawing.then((module) => module.forget(within), () => {}); };
  const redraw = () => { if (drawing) drawing.then((module) => module.redraw(), () => {}); };
  charts();

  const summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();
  all("[data-follow]").forEach((log) => { log.scrollTop = log.scrollHeight; });
  document.dispatchEvent(new Event("portal:ready"));
})();
