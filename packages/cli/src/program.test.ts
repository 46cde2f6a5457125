import { Option } from 'commander';
import { expect, test, vi } from 'vitest';
import { Bench } from '../fixtures/run-program.ts';
import { verbs } from './commands/verbs.ts';
import { toExitCode } from './output/exit-codes.ts';

test('every text is said in both languages', () => {
  const texts = verbs.flatMap(({ summary, positionals, flags }) => [
    summary,
    ...positionals.map(({ description }) => description),
    ...Object.values(flags).map(({ description }) => description),
  ]);
  expect(texts.filter(({ en, pt }) => en.trim() === '' || pt.trim() === '')).toEqual([]);
});

test('every option reaches its verb: what it is called in the code is what commander calls it', () => {
  const nameOf = (flags: string) => new Option(flags).attributeName();
  const wrong = verbs.flatMap(({ path, flags }) =>
    Object.entries(flags).flatMap(([name, flag]) => (nameOf(flag.flags) === name ? [] : [`${path}: ${flag.flags} is not ${name}`])),
  );
  expect(wrong).toEqual([]);
});

test('every verb has an example that begins with its name', () => {
  for (const { path, examples } of verbs)
    expect(
      examples.some((example) => example.includes(`cluster-ai ${path}`)),
      path,
    ).toBe(true);
});

test.each([
  ['not_running', 5],
  ['node_unreachable', 5],
  ['model_not_found', 4],
  ['join_token_used', 3],
  ['invalid_request', 2],
  ['model_loading', 6],
  ['no_ready_node', 6],
  ['disk_full', 1],
  ['internal', 1],
] as const)('%s ends with code %i', (code, exitCode) => {
  expect(toExitCode(code)).toBe(exitCode);
});

test.each([
  ['an unknown verb', ['stats'], 'Did you mean status?'],
  ['a missing argument', ['nodes', 'show'], 'nodes show --help'],
  ['an option out of range', ['up', '--port', '70000'], '--port'],
  ['a choice that there is not', ['completion', 'tcsh'], 'bash'],
])('%s is a usage error that names the next step', async (_what, args, said) => {
  await using bench = new Bench();
  const { code, stdout, stderr } = await bench.call(args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(said);
});

test('with --json an error is one line of JSON on standard error, and nothing on standard output', async () => {
  await using bench = new Bench();
  for (const [args, code, exitCode] of [
    [['status', '--json'], 'not_running', 5],
    [['nodes', 'show', '--json'], 'invalid_request', 2],
    [['logs', '--json'], 'file_not_found', 4],
  ] as const) {
    const ended = await bench.run(args);
    expect([ended.code, ended.stdout, JSON.parse(ended.stderr).error.code]).toEqual([exitCode, '', code]);
  }
});

test('speaks Portuguese where the person does, and never in JSON', async () => {
  await using bench = new Bench();
  expect((await bench.call(['status'], { LANG: 'pt_BR.UTF-8' })).stderr).toContain('O cluster não está rodando aqui');
  expect((await bench.call(['--help'], { LANG: 'pt_BR.UTF-8' })).stdout).toContain('Inicia o cluster');
  expect((await bench.call(['status', '--json'], { LANG: 'pt_BR.UTF-8' })).stderr).not.toContain('rodando');
  expect((await bench.call(['status'], { LANG: 'pt_BR.UTF-8', LC_ALL: 'C' })).stderr).toContain('No cluster runs');
});

test('what was answered has the shape that is documented', async () => {
  await using bench = new Bench();
  await bench.up();
  for (const path of ['status', 'nodes ls', 'doctor', 'config show', 'completion bash', 'open']) {
    const { stdout, stderr } = await bench.call([...path.split(' '), '--json']);
    const verb = verbs.find((one) => path.startsWith(one.path));
    expect(verb?.output.safeParse(JSON.parse(stdout || stderr)).error, path).toBeUndefined();
  }
});

test('nothing is removed off a terminal without --yes', async () => {
  await using bench = new Bench();
  await bench.up();
  const { code, stderr } = await bench.call(['nodes', 'rm', 'here']);
  expect(code).toBe(2);
  expect(stderr).toContain('--yes');
});

test('waiting for something that does not become ready ends with code 6', async () => {
  await using bench = new Bench();
  const { code, stderr } = await bench.call(['status', '--wait', 'ready', '--timeout', '0.3', '--json']);
  expect([code, JSON.parse(stderr).error.code]).toEqual([6, 'no_ready_node']);
});

test('the completion key offers verbs, options and the names that the cluster knows', async () => {
  await using bench = new Bench();
  await bench.up();
  const offers = async (...words: string[]) =>
    (await bench.call(['complete', '--', ...words])).stdout.split('\n').map((line) => line.split('\t')[0]);
  expect(await offers('')).toEqual(expect.arrayContaining(['up', 'nodes', 'models']));
  expect(await offers('nodes', '')).toEqual(expect.arrayContaining(['ls', 'invite']));
  // whoever has just pressed the key waits for a moment only, and then gets no names
  await vi.waitFor(async () => expect(await offers('nodes', 'show', '')).toContain('here'), 30_000);
  expect(await offers('up', '--no-o')).toContain('--no-open');
});

test('logs are shown oldest first, and as JSON lines', async () => {
  await using bench = new Bench();
  bench.script({ 'control-plane': { crash: true } });
  await bench.run(['up']);
  const { stdout } = await bench.run(['logs', 'up', '--json']);
  const times = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).timestamp);
  expect(times.length).toBeGreaterThan(2);
  expect(times).toEqual(times.toSorted());
});
