/** From and to in seconds; the index of its kind; the index of its task or -1; what kind of work it is. */
export type Bar = readonly [from: number, to: number, kind: number, task: number, work: string];

export interface TimelineData {
  readonly wall: number;
  readonly tasks: readonly string[];
  /** Bars in the order of their beginnings. */
  readonly rows: readonly { readonly name: string; readonly bars: readonly Bar[] }[];
}

/** What of a browser the timeline uses. */
interface Element {
  readonly clientWidth: number;
  readonly clientHeight: number;
  readonly scrollTop: number;
  readonly style: Record<string, string>;
  hidden: boolean;
  textContent: string;
  addEventListener(type: string, listener: (event: Input) => void, options?: { passive: boolean }): void;
  getBoundingClientRect(): { readonly left: number; readonly top: number };
  setPointerCapture(id: number): void;
}

interface Input {
  readonly clientX: number;
  readonly clientY: number;
  readonly deltaX: number;
  readonly deltaY: number;
  readonly shiftKey: boolean;
  readonly pointerId: number;
  readonly key: string;
  preventDefault(): void;
}

interface Pen {
  fillStyle: string;
  font: string;
  textAlign: string;
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  clearRect(x: number, y: number, width: number, height: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number, most?: number): void;
}

export interface Page {
  readonly documentElement: unknown;
  querySelector(selector: string): unknown;
}

export interface Browser {
  readonly devicePixelRatio: number;
  readonly innerWidth: number;
  addEventListener(type: string, listener: () => void): void;
  matchMedia(query: string): { addEventListener(type: string, listener: () => void): void };
  requestAnimationFrame(draw: () => void): void;
  getComputedStyle(element: unknown): { getPropertyValue(name: string): string };
}

/** Draws the timeline. It runs in the page, into which its text is put: it can use nothing from around it. */
export function timeline(page: Page, browser: Browser, data: TimelineData): void {
  const box = page.querySelector('#timeline') as Element;
  const spacer = page.querySelector('#height') as Element;
  const tip = page.querySelector('#tip') as Element;
  const canvas = page.querySelector('canvas') as Element & {
    width: number;
    height: number;
    getContext(kind: '2d'): Pen;
  };
  const pen = canvas.getContext('2d');
  const { rows, wall } = data;
  const axis = 22;
  const rowHeight = rows.length > 300 ? 10 : rows.length > 60 ? 13 : 22;
  const font = `${rowHeight > 12 ? 12 : 8}px system-ui, sans-serif`;
  const names = Math.min(200, 20 + 7 * Math.max(...rows.map((row) => row.name.length)));
  let from = 0;
  let to = wall;
  let width = 0;
  let height = 0;
  let asked = false;
  let held: { x: number; from: number } | undefined;

  const xOf = (time: number) => names + ((time - from) / (to - from)) * (width - names);
  const timeAt = (x: number) => from + ((x - names) / (width - names)) * (to - from);
  /** Index of the first bar that may reach a time: bars of a row do not overlap. */
  const firstAt = (bars: readonly Bar[], time: number) => {
    let low = 0;
    let high = bars.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bars[middle] as Bar)[1] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  function draw(): void {
    asked = false;
    const css = browser.getComputedStyle(page.documentElement);
    const color = (name: string) => css.getPropertyValue(`--${name}`).trim();
    const colors = ['connect', 'read', 'fix', 'wait', 'own'].map(color);
    pen.setTransform(browser.devicePixelRatio, 0, 0, browser.devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = font;
    const top = box.scrollTop;
    const first = Math.floor(top / rowHeight);
    const last = Math.min(rows.length, Math.ceil((top + height - axis) / rowHeight));
    for (let index = first; index < last; index++) {
      const row = rows[index] as TimelineData['rows'][number];
      const y = axis + index * rowHeight - top;
      let drawn = names;
      for (let at = firstAt(row.bars, from); at < row.bars.length; at++) {
        const [begin, end, kind] = row.bars[at] as Bar;
        if (begin > to) break;
        const x = Math.max(names, xOf(begin));
        const right = Math.min(width, Math.max(xOf(end), x + 1));
        // Of bars narrower than a pixel the first one shows.
        if (right <= drawn) continue;
        pen.fillStyle = colors[kind] as string;
        const gap = right - x > 3 ? 1 : 0;
        pen.fillRect(
          Math.max(drawn, x),
          y + 2,
          right - Math.max(drawn, x) - gap,
          kind === 3 ? rowHeight * 0.5 : rowHeight - 3,
        );
        drawn = right;
      }
      pen.fillStyle = color('text');
      pen.textAlign = 'left';
      pen.fillText(row.name, 6, y + rowHeight * 0.7, names - 12);
    }
    pen.fillStyle = color('ground');
    pen.fillRect(0, 0, width, axis);
    pen.fillStyle = color('faint');
    pen.font = '11px system-ui, sans-serif';
    const raw = ((to - from) * 90) / (width - names);
    const ten = 10 ** Math.floor(Math.log10(raw));
    const step = ten * ([1, 2, 5, 10].find((factor) => factor * ten >= raw) ?? 10);
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) {
      const x = xOf(tick);
      pen.fillRect(x, axis - 5, 1, 5);
      pen.fillText(`${tick.toFixed(digits)} s`, x + 4, axis - 8);
    }
  }
  function redraw(): void {
    if (asked) return;
    asked = true;
    browser.requestAnimationFrame(draw);
  }
  function resize(): void {
    const all = axis + rows.length * rowHeight + 4;
    spacer.style.height = `${all}px`;
    width = Math.max(names + 50, box.clientWidth);
    height = Math.min(all, box.clientHeight || all);
    canvas.width = width * browser.devicePixelRatio;
    canvas.height = height * browser.devicePixelRatio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    redraw();
  }
  function show(begin: number, long: number): void {
    const length = Math.min(wall, Math.max(0.001, long));
    from = Math.min(Math.max(0, begin), wall - length);
    to = from + length;
    redraw();
  }
  const zoom = (factor: number, around: number) =>
    show(around - (around - from) * factor, (to - from) * factor);

  function tell(event: Input): void {
    const { left, top } = canvas.getBoundingClientRect();
    const time = timeAt(event.clientX - left);
    const y = event.clientY - top;
    const row = rows[Math.floor((y - axis + box.scrollTop) / rowHeight)];
    const bar =
      row && event.clientX - left > names && y > axis ? row.bars[firstAt(row.bars, time)] : undefined;
    // A bar is drawn at least a pixel wide.
    const slack = (to - from) / (width - names);
    tip.hidden = !bar || bar[0] > time + slack || bar[1] < time - slack;
    if (!row || !bar || tip.hidden) return;
    const [begin, end, , task, work] = bar;
    const what = task < 0 ? '' : `${data.tasks[task]}\n`;
    tip.textContent = `${what}${row.name}: ${work}\n${(end - begin).toFixed(3)} s, from ${begin.toFixed(3)} s`;
    tip.style.left = `${Math.min(event.clientX + 14, browser.innerWidth - 320)}px`;
    tip.style.top = `${event.clientY + 16}px`;
  }
  box.addEventListener(
    'wheel',
    (event) => {
      // With shift, and sideways, the wheel moves; where there is more than fits, it scrolls over the names.
      const { left } = canvas.getBoundingClientRect();
      if (event.clientX - left < names) return;
      event.preventDefault();
      const along = event.shiftKey ? event.deltaY : event.deltaX;
      if (along !== 0) show(from + (along / (width - names)) * (to - from), to - from);
      else zoom(1.002 ** event.deltaY, timeAt(event.clientX - left));
    },
    { passive: false },
  );
  box.addEventListener('pointerdown', (event) => {
    held = { x: event.clientX, from };
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener('pointermove', (event) => {
    if (held) show(held.from - ((event.clientX - held.x) / (width - names)) * (to - from), to - from);
    else tell(event);
  });
  box.addEventListener('pointerup', () => {
    held = undefined;
  });
  box.addEventListener('pointerleave', () => {
    tip.hidden = true;
  });
  box.addEventListener('dblclick', () => show(0, wall));
  box.addEventListener('scroll', redraw);
  box.addEventListener('keydown', (event) => {
    const middle = (from + to) / 2;
    const actions: Record<string, () => void> = {
      '+': () => zoom(0.7, middle),
      '-': () => zoom(1 / 0.7, middle),
      '0': () => show(0, wall),
      ArrowLeft: () => show(from - (to - from) / 5, to - from),
      ArrowRight: () => show(from + (to - from) / 5, to - from),
    };
    actions[event.key]?.();
  });
  browser.addEventListener('resize', resize);
  browser.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  resize();
}
