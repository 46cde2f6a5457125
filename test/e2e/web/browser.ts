import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const artefacts = join(import.meta.dirname, '../../../artefacts/web');

/** How long anything on a page may take on a machine that has other things to do. */
const WAIT_MS = 60_000;
/** `CLUSTER_AI_SLOWNESS=6` makes each page so many times slower, to find what only works in a hurry. */
const slowness = Number(process.env['CLUSTER_AI_SLOWNESS'] ?? 1);

export interface PageOptions {
  readonly language?: 'en' | 'pt-BR';
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** Sent with every request, also by what runs on the page. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A page of a fresh browser profile, which remembers what went wrong on it. */
export interface Visit extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, refused resources and whatever else the console calls an error. */
  readonly problems: readonly string[];
  /** Keeps a picture of the page under `artefacts/web`. */
  picture(name: string): Promise<void>;
}

export const openBrowser = (): Promise<Browser> =>
  // Chromium's sandbox needs privileges that containers do not have; what it visits here is ours.
  chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

export async function visit(
  browser: Browser,
  url: string,
  { language = 'en', theme = 'light', width = 1440, height = 900, headers = {} }: PageOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    locale: language,
    colorScheme: theme,
    viewport: { width, height },
    extraHTTPHeaders: headers,
  });
  context.setDefaultTimeout(WAIT_MS);
  if (slowness > 1)
    context.on('page', async (page) => {
      const devices = await context.newCDPSession(page);
      await devices.send('Emulation.setCPUThrottlingRate', { rate: slowness });
    });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())));
  await page.goto(url);
  return {
    page,
    context,
    problems,
    async picture(name) {
      await mkdir(artefacts, { recursive: true });
      await page.screenshot({ path: join(artefacts, `${name}.png`), animations: 'disabled' });
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Text that fades in is judged when it is there. What never ends, a spinner, is not waited for. */
const untilAnimationsEnd = `Promise.allSettled(document.getAnimations()
  .filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity)
  .map((animation) => animation.finished)).then(() => true)`;

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Higher than any page: axe does not judge text that is scrolled out of sight. */
const TALL = 4000;

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly target: unknown; readonly failureSummary?: string | undefined }[];
}

const describe = (kind: string, findings: readonly Finding[]) =>
  findings.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary = '' }) => `${kind} ${id} ${JSON.stringify(target)} ${failureSummary.replaceAll('\n', ' ')}`),
  );

// What axe cannot decide and we can: Radix keeps the focus inside a dialog by guards, and a page may have one heading only.
const UNDECIDABLE = ['aria-hidden-focus', 'heading-order'];

/**
 * What axe has against the page as it is now: violations, and what it could not decide. Empty when all is well. In the page itself
 * ("legacy" to axe): our pages have no frames, for which it would open a second page each time.
 */
export async function findBarriers({ page }: Visit): Promise<readonly string[]> {
  const size = page.viewportSize() ?? { width: 1440, height: 900 };
  await page.setViewportSize({ width: size.width, height: TALL });
  await page.evaluate(untilAnimationsEnd);
  const { violations, incomplete } = await new AxeBuilder({ page })
    .options({ runOnly: RULES, resultTypes: ['violations', 'incomplete'] }) // to tell what passes would take longer than to judge
    .setLegacyMode()
    .analyze();
  await page.setViewportSize(size);
  return [
    ...describe('violation', violations),
    ...describe(
      'incomplete',
      incomplete.filter(({ id }) => !UNDECIDABLE.includes(id)),
    ),
  ];
}
