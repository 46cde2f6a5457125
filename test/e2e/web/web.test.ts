import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClusterClient } from '@cluster-ai/client';
import { locateDataFolder, readHostCredential } from '@cluster-ai/runtime';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, startCluster, type TestCluster } from '../../support/start-cluster.ts';
import { findBarriers, openBrowser, type PageOptions, visit } from './browser.ts';
import { startAgent } from './second-machine.ts';

const section = `Some **bold** words, a \`name\` and a list:

- one
- two

\`\`\`python
def double(number: int) -> int:
    return 2 * number
\`\`\`

`;
/**
 * Answers of the fake engine, which never poses as a model: what they say is given, so that only the page is measured. The steady one
 * speaks for minutes, so that no page is too slow to see it speak; those who asked stop it.
 */
const scripts = {
  swift: { fake: 1, text: section, tokensPerSecond: 20_000, firstTokenMs: 1, parallel: 16 },
  crashing: { fake: 1, text: section.repeat(3), tokensPerSecond: 100, crashAfterTokens: 5 },
  steady: { fake: 1, text: section.repeat(400), tokensPerSecond: 100, firstTokenMs: 10, parallel: 16 },
};

let folder: string;
let cluster: TestCluster;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'web-'));
  const pathOf = (name: string) => join(folder, `${name}.fake.json`);
  for (const [name, script] of Object.entries(scripts)) await writeFile(pathOf(name), JSON.stringify(script));
  cluster = await startCluster({ dataFolder: join(folder, 'cluster'), models: { swift: pathOf('swift'), steady: pathOf('steady') } });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

const client = () => createClusterClient({ baseUrl: cluster.url, key: readHostCredential(locateDataFolder(cluster.dataFolder, {})) });
const ui = (path = '/') => `${cluster.url}/ui${path}`;
/** As the owner of this machine, who may do everything; what others may do is tried in the tests of people. */
const enter = (address: string, look: PageOptions = {}) => visit(browser, address, { ...look, headers: cluster.ownerHeaders() });
const thread = (page: Page, words: { messages: string }) => page.getByRole('region', { name: words.messages });

const english = {
  language: 'en',
  message: 'Message',
  messages: 'Messages',
  again: 'Answer again',
  edit: 'Edit and send again',
  stop: 'Stop',
  stopped: 'Stopped.',
  question: 'What is the capital of Japan?',
  answer: 'Tokyo',
  otherQuestion: 'Who are you?',
  otherAnswer: 'Cluster AI',
  facts: /on .+·?.*first token after .+tok\/s/s,
} as const;
const portuguese = {
  language: 'pt-BR',
  message: 'Mensagem',
  messages: 'Mensagens',
  again: 'Responder de novo',
  edit: 'Editar e enviar de novo',
  stop: 'Parar',
  stopped: 'Parada.',
  question: 'Qual é a capital do Japão?',
  answer: 'Tóquio',
  otherQuestion: 'Quem é você?',
  otherAnswer: 'Cluster AI',
  facts: /em .+primeiro token após .+tok\/s/s,
} as const;

const textOf = async (place: Locator): Promise<string> => (await place.textContent()) ?? '';

/** Writes a question and sends it with Enter. */
async function ask(page: Page, label: string, question: string): Promise<void> {
  const field = page.getByRole('textbox', { name: label });
  await field.fill(question);
  await field.press('Enter');
}

describe('a question that is sent while the list of models is on its way', () => {
  test('waits in view, and is answered once the list is there', async () => {
    await using shown = await enter('about:blank');
    const { page } = shown;
    const gate = Promise.withResolvers<void>();
    await page.route('**/api/v1/models', (route) => gate.promise.then(() => route.continue()));
    await page.goto(ui('/chat?model=starter'));
    await ask(page, english.message, english.question);
    await page.getByText('Waiting for the list of models.').waitFor();
    expect(await page.getByRole('textbox', { name: english.message }).inputValue()).toBe(english.question);
    await shown.picture('chat-waiting');
    expect(await findBarriers(shown)).toEqual([]);
    gate.resolve();
    await thread(page, english).getByText(english.question).waitFor();
    await thread(page, english).getByRole('button', { name: english.again }).waitFor();
    expect(shown.problems).toEqual([]);
  });
});

describe.each([english, portuguese])('a chat with the starter model in $language', (words) => {
  test('is answered, answered again, edited, and still there after a reload', async () => {
    await using shown = await enter(ui('/chat?model=starter'), { language: words.language });
    const { page } = shown;
    await ask(page, words.message, words.question);

    const messages = thread(page, words);
    await messages.getByText(words.answer, { exact: false }).first().waitFor();
    await messages.getByRole('button', { name: words.again }).waitFor();
    expect(await textOf(messages.getByRole('article').last())).toMatch(words.facts);
    await shown.picture(`chat-${words.language}`);

    await messages.getByRole('button', { name: words.again }).click();
    await messages.getByText('2/2').waitFor();
    await messages.getByRole('button', { name: words.again }).waitFor();
    expect(await textOf(messages.getByRole('article').last())).toContain(words.answer);

    await messages.getByRole('button', { name: words.edit }).click();
    await ask(page, words.edit, words.otherQuestion);
    await messages.getByText(words.otherAnswer).first().waitFor();
    await messages.getByRole('button', { name: words.again }).waitFor();
    expect(await textOf(messages)).not.toContain(words.question);

    await page.reload();
    await messages.getByText(words.otherAnswer).first().waitFor();
    // The other branch is still there, behind the arrows of the question.
    await messages.getByRole('article').first().getByRole('button').first().click();
    await messages.getByText(words.question).waitFor();
    await messages.getByText(words.answer, { exact: false }).first().waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe(words.language);
    expect(shown.problems).toEqual([]);
  });
});

describe('an answer that is being written', () => {
  test('goes on through a reload, and Escape stops it with what there is', async () => {
    await using shown = await enter(ui('/chat?model=steady'));
    const { page } = shown;
    await ask(page, english.message, 'Write a lot.');
    const messages = thread(page, english);
    await messages.getByText('bold').first().waitFor();
    await page.reload();
    await page.getByRole('button', { name: english.stop }).waitFor();
    const before = (await textOf(messages)).length;
    await eventually('the text grows after the reload', async () => (await textOf(messages)).length > before + 100);
    await shown.picture('chat-streaming');
    await page.keyboard.press('Escape');
    await messages.getByText(english.stopped).waitFor();
    expect(await textOf(messages)).toContain('bold');
    expect(shown.problems).toEqual([]);
  });

  test('is seen growing in a second window', async () => {
    await using first = await enter(ui('/chat?model=steady'));
    await ask(first.page, english.message, 'Write for two.');
    await thread(first.page, english).getByText('bold').first().waitFor();
    await using second = await enter(first.page.url());
    const messages = thread(second.page, english);
    await messages.getByText('bold').first().waitFor();
    const before = (await textOf(messages)).length;
    await eventually('the text grows there too', async () => (await textOf(messages)).length > before + 100);
    await second.page.getByRole('button', { name: english.stop }).click();
    await thread(first.page, english).getByText(english.stopped).waitFor();
  });
});

/** A chat of many turns, made through the API. */
async function makeLongChat(messages: number): Promise<string> {
  const cluster = client();
  const { id } = await cluster.createChat({ model: 'swift', title: 'A long one' });
  let parentId: string | null = null;
  for (let count = 0; count < messages; count += 2) {
    for await (const event of cluster.takeTurn(id, { parentId, content: `Question ${count / 2 + 1}` }))
      if (event.type === 'done') parentId = event.message.id;
  }
  return id;
}

// Runs in the page: counts the frames that it draws, the longest pause between two, and which messages change meanwhile.
const watchStream = `new Promise((resolve) => {
  const began = performance.now();
  const changed = new Set();
  const observer = new MutationObserver((records) => {
    for (const { target } of records) changed.add((target.nodeType === 1 ? target : target.parentElement)?.closest('article'));
  });
  const thread = document.querySelector('main section[tabindex="0"]');
  observer.observe(thread, { subtree: true, childList: true, characterData: true, attributes: true });
  const articles = [...thread.querySelectorAll('article')];
  let last = began, worst = 0, frames = 0;
  const step = (now) => {
    worst = Math.max(worst, now - last);
    last = now;
    frames += 1;
    if (now - began < 4000) requestAnimationFrame(step);
    else resolve({
      perSecond: frames / ((now - began) / 1000),
      worstMs: worst,
      changed: articles.flatMap((article, index) => (changed.has(article) ? [index] : [])),
    });
  };
  requestAnimationFrame(step);
})`;

describe('a chat of 400 messages', () => {
  test('opens at its end, draws only the answer that streams, and shows what is earlier on request', async () => {
    const id = await makeLongChat(400);
    await client().updateChat(id, { model: 'steady' });
    await using shown = await enter(ui());
    const { page } = shown;
    const began = performance.now();
    await page.goto(ui(`/chat/${id}`));
    const messages = thread(page, english);
    await messages.getByText('Question 200', { exact: true }).waitFor();
    const loadMs = performance.now() - began;
    expect(await messages.getByRole('article').count()).toBe(30);
    // Code is coloured a moment later, and then stands in words of their own.
    await eventually('code is coloured', async () => (await messages.getByText('def', { exact: true }).count()) === 15);

    await ask(page, english.message, 'And now a long one.');
    await eventually('the answer streams', async () => (await messages.getByRole('article').count()) === 32);
    await messages.getByText('bold').last().waitFor();
    const frames = (await page.evaluate(watchStream)) as { perSecond: number; worstMs: number; changed: number[] };
    console.log(
      `400 messages: open in ${Math.round(loadMs)} ms, ${frames.perSecond.toFixed(1)} frames/s while streaming, longest pause ${Math.round(frames.worstMs)} ms`,
    );
    expect(frames.changed).toEqual([31]);
    await page.keyboard.press('Escape');
    await messages.getByText(english.stopped).waitFor();

    await page.getByRole('button', { name: /earlier/ }).click();
    await eventually('30 more are there', async () => (await messages.getByRole('article').count()) >= 60);
    expect(shown.problems).toEqual([]);
  });
});

describe('the cluster behind the pages', () => {
  test('comes back after a restart: the page says so meanwhile, and the history is there', async () => {
    await using shown = await enter(ui('/chat?model=starter'));
    const { page } = shown;
    await page.getByRole('button', { name: 'Connection: Live' }).waitFor();
    await ask(page, english.message, 'What is the capital of Brazil?');
    const messages = thread(page, english);
    await messages.getByText('Brasília').first().waitFor();
    await messages.getByRole('button', { name: english.again }).waitFor();

    cluster = await cluster.restart(async () => {
      await page.getByText('The cluster does not answer.').first().waitFor();
      await shown.picture('offline');
    });
    await page.getByRole('button', { name: 'Connection: Live' }).waitFor();
    await page.reload();
    await messages.getByText('Brasília').first().waitFor();
    await page.getByRole('navigation', { name: 'Chats' }).getByText('What is the capital of Brazil?').waitFor();
  });

  test('the chart of tokens has a past when the page opens', async () => {
    const { id } = await client().createChat({ model: 'steady' });
    const turn = client().takeTurn(id, { parentId: null, content: 'Write before anybody looks.' });
    await turn.next();
    const busy = await eventually('the cluster has noted the load', async () => {
      const { samples } = await client().getLoadHistory();
      return samples.find(({ tokensPerSecond }) => tokensPerSecond > 0);
    });
    await client().stopChat(id);
    await turn.return(undefined);

    await using shown = await enter(ui());
    const { page } = shown;
    await page.getByRole('img', { name: /^Tokens per second in the last minutes/ }).waitFor();
    await shown.picture('overview-past');
    await page.getByRole('button', { name: 'Show as a table' }).click();
    const time = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(busy.at));
    const row = page.getByRole('row').filter({ hasText: time });
    expect(Number(await textOf(row.first().getByRole('cell').last()))).toBeGreaterThan(0);
    expect(shown.problems).toEqual([]);
  });

  test('a second machine appears by itself, and its page says what it is', async () => {
    await using shown = await enter(ui('/nodes?add=true'));
    const { page } = shown;
    await page.getByRole('textbox', { name: 'Name of the machine' }).fill('second');
    await page.getByRole('button', { name: 'Make the command' }).click();
    const command = await textOf(page.getByRole('region', { name: '2. Join' }));
    await page.getByText('Waiting for the machine…').waitFor();
    await shown.picture('add-machine');
    const [, address = '', token = ''] = /join (\S+) --token (\S+)/.exec(command) ?? [];
    await using _second = await startAgent(address, token, join(folder, 'second'));
    await page.getByText('second has joined.').waitFor();
    await page.getByRole('link', { name: 'Open it' }).click();
    await page.getByRole('heading', { name: 'second', level: 1 }).waitFor();
    await page.getByRole('button', { name: /second: Ready/ }).waitFor();
    expect(await page.getByText('Processor', { exact: true }).count()).toBe(1);
    expect(shown.problems).toEqual([]);
  });
});

describe('windows of one browser', () => {
  test('share one stream of events; when the one that holds it is closed, another takes over', async () => {
    await using shown = await enter(ui('/models'));
    await shown.page.getByRole('button', { name: 'Connection: Live' }).waitFor();
    const streams = (page: Page) => {
      let count = 0;
      page.on('request', (request) => void (request.url().endsWith('/api/v1/events') && count++));
      return () => count;
    };
    const [second, third] = [await shown.context.newPage(), await shown.context.newPage()];
    const [secondStreams, thirdStreams] = [streams(second), streams(third)];
    for (const page of [second, third]) await page.goto(ui('/models'));
    const open = () => client().addModel({ name: `seen-${secondStreams()}-${thirdStreams()}`, path: join(folder, 'swift.fake.json') });

    await open();
    for (const page of [shown.page, second, third]) await page.getByRole('link', { name: 'seen-0-0', exact: true }).waitFor();
    expect(secondStreams() + thirdStreams()).toBe(0);

    await shown.page.close();
    await eventually('one of the others leads', () => secondStreams() + thirdStreams() === 1);
    const { name } = await open();
    for (const page of [second, third]) await page.getByRole('link', { name, exact: true }).waitFor();
    expect(secondStreams() + thirdStreams()).toBe(1);
  });
});

describe('models', () => {
  test('are added by path, with the reason when that fails, loaded, and deleted by typing their name', async () => {
    await using shown = await enter(ui('/models'));
    const { page } = shown;
    await page.getByRole('button', { name: 'Add model' }).click();
    await page.getByRole('menuitem', { name: 'A file of the first machine' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('team/mine');
    await dialog.getByLabel('Path of the file').fill(join(folder, 'missing.gguf'));
    await dialog.getByRole('button', { name: 'Add model' }).click();
    await dialog.getByRole('alert').waitFor();
    await shown.picture('add-model-refused');
    await dialog.getByLabel('Path of the file').fill(join(folder, 'swift.fake.json'));
    await dialog.getByRole('button', { name: 'Add model' }).click();
    await dialog.waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'team/mine', exact: true }).click();
    await page.getByRole('heading', { name: 'team/mine', level: 1 }).waitFor();
    await page.reload(); // a name with a slash survives in the address
    await page.getByRole('button', { name: 'Load', exact: true }).click();
    await page.getByRole('button', { name: /^team\/mine: Ready/ }).waitFor();
    await page.getByRole('tab', { name: 'Running' }).click();
    await page.getByRole('row').filter({ hasText: 'fake' }).waitFor();
    await shown.picture('model-loaded');

    await page.getByRole('tab', { name: 'Versions' }).click();
    await page.getByRole('button', { name: 'Delete model' }).click();
    const confirm = dialog.getByRole('button', { name: 'Delete model' });
    await dialog.getByRole('textbox').fill('team/min');
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('team/mine');
    await confirm.click();
    await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor();
    await eventually('it is gone', async () => (await page.getByRole('link', { name: 'team/mine', exact: true }).count()) === 0);
  });
});

describe('the list of chats', () => {
  test('is searched, and its chats are renamed, pinned and deleted', async () => {
    const { id } = await client().createChat({ model: 'swift', title: 'A plan for Sunday' });
    await client().createChat({ model: 'swift', title: 'Something else' });
    await using shown = await enter(ui(`/chat/${id}`));
    const { page } = shown;
    const list = page.getByRole('navigation', { name: 'Chats' });
    await page.getByRole('searchbox', { name: 'Search chats' }).fill('sunday');
    await list.getByText('Something else').waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Actions for A plan for Sunday' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    const title = page.getByRole('textbox', { name: 'Title' });
    await title.fill('Sunday, again');
    await title.press('Enter');
    await list.getByRole('link', { name: 'Sunday, again' }).waitFor();

    await page.getByRole('button', { name: 'Actions for Sunday, again' }).click();
    await page.getByRole('menuitem', { name: 'Pin' }).click();
    await list.getByRole('region', { name: 'Pinned' }).getByText('Sunday, again').waitFor();

    await page.getByRole('button', { name: 'Actions for Sunday, again' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await list.getByText('Sunday, again').waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'What would you like to know?' }).waitFor();
    expect(shown.problems).toEqual([]);
  });
});

describe('the parameters of a chat', () => {
  const looks = [
    {
      language: 'en',
      theme: 'light',
      width: 1440,
      height: 900,
      button: /^Parameters/,
      title: 'Parameters',
      system: 'System prompt',
      longest: 'Longest answer',
      save: 'Save',
      words: english,
    },
    {
      language: 'pt-BR',
      theme: 'dark',
      width: 390,
      height: 844,
      button: /^Parâmetros/,
      title: 'Parâmetros',
      system: 'Instrução de sistema',
      longest: 'Resposta mais longa',
      save: 'Salvar',
      words: portuguese,
    },
  ] as const;

  test.each(looks)('are set by keyboard, kept by the server, and hold for its answers: $language, $theme, $width wide', async (look) => {
    await using shown = await enter(ui('/chat?model=steady'), look);
    const { page } = shown;
    await page.getByRole('button', { name: look.button }).focus();
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('dialog', { name: look.title });
    await drawer.getByLabel(look.longest).fill('none');
    await drawer.getByLabel(look.longest).press('Enter');
    await drawer.getByRole('alert').waitFor();
    await shown.picture(`parameters-wrong-${look.language}`);
    expect(await findBarriers(shown)).toEqual([]);
    await drawer.getByLabel(look.system).fill('Speak like a poet.');
    await drawer.getByLabel(look.longest).fill('7');
    await drawer.getByLabel(look.longest).press('Enter');
    await drawer.waitFor({ state: 'detached' });
    await eventually('the focus is back on the button', () => page.evaluate("document.activeElement.ariaHasPopup === 'dialog'"));

    await ask(page, look.words.message, 'Write seven words.');
    const messages = thread(page, look.words);
    await messages.getByRole('button', { name: look.words.again }).waitFor();
    expect(await textOf(messages.getByRole('article').last())).toMatch(/7 tokens/);
    await page.reload();
    await page.getByRole('button', { name: /^Par.met.* \(2 / }).click();
    await drawer.waitFor();
    expect(await drawer.getByLabel(look.system).inputValue()).toBe('Speak like a poet.');
    expect(await drawer.getByLabel(look.longest).inputValue()).toBe('7');
    await shown.picture(`parameters-${look.language}`);
    expect(await findBarriers(shown)).toEqual([]);
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    await shown.picture(`parameters-closed-${look.language}`);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    const { options } = await client().getChat(page.url().split('/').at(-1) ?? '');
    expect(options).toEqual({ system: 'Speak like a poet.', max_tokens: 7 });
    expect(shown.problems).toEqual([]);
  });
});

describe('a chat as a file', () => {
  test('is given as Markdown and as JSON', async () => {
    const { id } = await client().createChat({ model: 'swift', title: 'Uma conversa, exportada' });
    for await (const event of client().takeTurn(id, { parentId: null, content: 'Say *something*.' })) if (event.type === 'done') break;
    await using shown = await enter(ui(`/chat/${id}`));
    const { page } = shown;
    const save = async (name: string) => {
      await page.getByRole('button', { name: 'Actions for Uma conversa, exportada' }).click();
      await page.getByRole('menuitem', { name }).waitFor();
      await shown.picture('chat-menu');
      const downloading = page.waitForEvent('download');
      await page.getByRole('menuitem', { name }).click();
      const file = await downloading;
      return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
    };
    const markdown = await save('Export as Markdown');
    expect(markdown.name).toBe('uma-conversa-exportada.md');
    expect(markdown.text).toMatch(
      /^# Uma conversa, exportada\n\nswift · .+\n\n## You\n\n\*.+\*\n\nSay \*something\*\.\n\n## swift · .+\n\n\*.+\*\n\nSome \*\*bold\*\* words/,
    );
    const json = await save('Export as JSON');
    expect(json.name).toBe('uma-conversa-exportada.json');
    expect(JSON.parse(json.text)).toEqual(await client().getChat(id));
    expect(shown.problems).toEqual([]);
  });
});

describe('an answer that fails', () => {
  test('says why, in the page’s language, and can be asked for again', async () => {
    await client().addModel({ name: 'crashing', path: join(folder, 'crashing.fake.json') });
    await using shown = await enter(ui('/chat?model=crashing'), { language: 'pt-BR' });
    const { page } = shown;
    await ask(page, portuguese.message, 'Olá');
    const alert = thread(page, portuguese).getByRole('alert');
    await alert.waitFor();
    await shown.picture('answer-failed');
    expect(await textOf(alert)).toMatch(/^A resposta falhou\./);
    await thread(page, portuguese).getByRole('button', { name: portuguese.again }).waitFor();
    expect(await findBarriers(shown)).toEqual([]);
  });
});

describe('a page in Portuguese', () => {
  test('says in Portuguese what the server says: notices, reasons, and what went wrong', async () => {
    await using shown = await enter(ui('/models/starter'), { language: 'pt-BR' });
    const { page } = shown;
    await page.getByText('Este é um modelo muito pequeno, de demonstração.').waitFor();
    await page.getByText('Modelo de conversa muito pequeno (inglês e português)').waitFor();
    await shown.picture('notice-pt-BR');
    await page.goto(ui('/chat?model=swift'));
    await page.getByText('o motor de mentira segue um roteiro').waitFor();

    await page.goto(ui('/models'));
    await page.getByRole('button', { name: 'Adicionar modelo' }).click();
    await page.getByRole('menuitem', { name: 'Um arquivo da primeira máquina' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Nome').fill('nenhum');
    const missing = join(folder, 'nada.gguf');
    await dialog.getByLabel('Caminho do arquivo').fill(missing);
    await dialog.getByRole('button', { name: 'Adicionar modelo' }).click();
    await dialog.getByRole('alert').waitFor();
    expect(await textOf(dialog.getByRole('alert'))).toBe(`Não há arquivo ${missing}.Confira o caminho.`);
    expect(await page.locator('[lang="en"]').allTextContents()).toEqual([]);
  });
});

describe('copy as curl', () => {
  test('gives a command that asks the same question', async () => {
    await using shown = await enter(ui('/chat?model=starter'));
    const { page } = shown;
    await shown.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: cluster.url });
    await ask(page, english.message, 'What is the capital of Italy?');
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
    const command = (await page.evaluate('navigator.clipboard.readText()')) as string;
    const { stdout } = await promisify(execFile)('sh', ['-c', `${command} --silent`]);
    expect(stdout).toContain('data: [DONE]');
    const words = stdout.split('\n').flatMap((line) => /"content":"([^"]*)"/.exec(line)?.[1] ?? []);
    expect(words.join('')).toContain('Rome');
  });
});

describe('every page', () => {
  const paths = {
    overview: '/',
    chat: '/chat',
    nodes: '/nodes',
    models: '/models',
    model: '/models/starter',
    missing: '/nothing-here',
  } as const;
  const looks = [
    { language: 'en', theme: 'light', width: 1440, height: 900 },
    { language: 'pt-BR', theme: 'dark', width: 1440, height: 900 },
    { language: 'en', theme: 'dark', width: 390, height: 844 },
    { language: 'pt-BR', theme: 'light', width: 390, height: 844 },
  ] as const;

  test.each(looks)('has no barriers and no errors: $language, $theme, $width wide', async (look) => {
    for (const [name, path] of Object.entries(paths)) {
      await using shown = await enter(ui(path), look);
      await shown.page.getByRole('heading', { level: 1 }).first().waitFor();
      await shown.page.getByRole('button', { name: /: (Live|Ao vivo)$/ }).waitFor();
      await shown.picture(`${name}-${look.language}-${look.theme}-${look.width}`);
      expect(await findBarriers(shown), path).toEqual([]);
      expect(await shown.page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${path} is not wider than the window`).toBe(
        true,
      );
      expect(shown.problems, path).toEqual([]);
    }
  });

  test('the barriers that we plant are found: the check sees', async () => {
    await using shown = await enter(ui('/nodes'));
    await shown.page.getByRole('heading', { level: 1 }).waitFor();
    await shown.page.evaluate(`document.querySelector('main').insertAdjacentHTML('beforeend', '<p id="faint">Faint</p><input id="nameless">');
      document.querySelector('#faint').style.color = '#ccc';`);
    const found = (await findBarriers(shown)).join('\n');
    expect(found).toContain('color-contrast');
    expect(found).toContain('#nameless');
  });

  test('is reached by keyboard alone: skip link, palette, language', async () => {
    await using shown = await enter(ui());
    const { page } = shown;
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('Tab');
    await page.locator(':focus', { hasText: 'Skip to the content' }).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('#main:focus').waitFor();

    await page.keyboard.press('Control+k');
    await page.locator('[role=combobox]:focus').waitFor();
    await page.keyboard.type('starter');
    await page.getByRole('option', { name: 'starter', exact: true, selected: true }).waitFor();
    await shown.picture('palette');
    expect(await findBarriers(shown)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'starter', level: 1 }).waitFor();

    await page.keyboard.press('Control+k');
    await page.locator('[role=combobox]:focus').waitFor();
    await page.keyboard.type('Language');
    await page.getByRole('option', { name: 'Português', selected: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Visão geral' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('pt-BR');
    await page.reload();
    await page.getByRole('link', { name: 'Visão geral' }).waitFor();
  });
});
