// The pages work without this. With it a page counts down, goes on by itself, and tells of a lost connection.
(() => {
  'use strict';

  // A page that the browser kept may be stale.
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });

  let touched = false;
  let leaving = false;
  addEventListener('input', () => { touched = true; });

  // One click is one request: the server takes a second one for the same, and the browser need not send it.
  addEventListener('submit', (event) => {
    if (event.defaultPrevented) return;
    leaving = true;
    setTimeout(() => { for (const button of event.target.querySelectorAll('button')) button.disabled = true; }, 0);
  });

  // What may be done again from a time on.
  for (const when of document.querySelectorAll('[data-seconds]')) {
    const until = performance.now() + 1000 * Number(when.dataset.seconds);
    const button = document.getElementById(when.dataset.for);
    const tick = () => {
      const left = Math.ceil((until - performance.now()) / 1000);
      if (left > 0) {
        when.textContent = when.dataset.count.replace('{}', left);
        if (button) button.disabled = true;
        setTimeout(tick, 250);
      } else {
        when.textContent = when.dataset.now;
        if (button) button.disabled = false;
      }
    };
    tick();
  }

  const wrong = document.querySelector('[aria-invalid]');
  if (wrong) wrong.focus();

  // Whether there is news, more and more seldom, and at once when the page is looked at again.
  const main = document.querySelector('main[data-watch]');
  if (!main) return;
  const note = document.getElementById('connection');
  const first = 1000 * Number(main.dataset.first);
  let pause = first;
  let lost = false;
  let timer;

  const say = (text) => { note.hidden = !text; note.textContent = text || ''; };

  const news = () => {
    if (leaving) return;
    if (!touched) { location.reload(); return; }
    const link = document.createElement('a');
    link.href = location.pathname + location.search;
    link.textContent = note.dataset.reload;
    say(note.dataset.news);
    note.append(' ', link);
  };

  const ask = async () => {
    clearTimeout(timer);
    if (document.hidden || leaving) return;
    try {
      const answer = await fetch(main.dataset.watch, { cache: 'no-store', signal: AbortSignal.timeout(10000) });
      if (answer.status === 404 || answer.status === 410) { location.reload(); return; }
      if (!answer.ok) throw new Error('not now');
      const { version } = await answer.json();
      if (lost) { lost = false; say(note.dataset.back); }
      if (String(version) !== main.dataset.version) { news(); return; }
      pause = Math.min(pause * 1.4, Math.max(10000, 4 * first));
    } catch {
      lost = true;
      say(note.dataset.lost);
      pause = Math.min(Math.max(pause * 1.6, 2000), 15000);
    }
    timer = setTimeout(ask, pause);
  };

  document.addEventListener('visibilitychange', ask);
  addEventListener('online', ask);
  timer = setTimeout(ask, pause);
})();
