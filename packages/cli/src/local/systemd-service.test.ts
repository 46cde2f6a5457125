import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bench } from '../../fixtures/run-program.ts';
import { toUnit } from './systemd-service.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'service-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A systemctl that writes down what it was asked. */
function standInSystemctl(exitCode: number): Record<string, string> {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'systemctl'),
    `#!/bin/sh\necho "$@" >> "${folder}/asked"\n[ ${exitCode} = 0 ] || echo "Failed to connect to bus" >&2\nexit ${exitCode}\n`,
  );
  chmodSync(join(bin, 'systemctl'), 0o755);
  return { PATH: `${bin}:${process.env['PATH']}`, XDG_CONFIG_HOME: join(folder, 'config') };
}

test('what could be read as a specifier, a variable or two words stays one word', () => {
  expect(toUnit({ name: 'x', description: 'X', command: ['/a b/node', 'up', '--data-dir', '50%$HOME"'] })).toContain(
    'ExecStart="/a b/node" "up" "--data-dir" "50%%$$HOME\\""',
  );
});

test('up --service writes the unit with the options that were given, enables it and starts it', async () => {
  await using bench = new Bench();
  const { code, stdout } = await bench.run(['up', '--service', '--port', '4000', '--json'], standInSystemctl(0));
  const report = JSON.parse(stdout);
  expect([code, report.isInstalled, report.path]).toEqual([0, true, join(folder, 'config/systemd/user/cluster-ai.service')]);
  expect(readFileSync(report.path, 'utf8')).toContain(`"up" "--no-open" "--data-dir" "${bench.folder}" "--port" "4000"`);
  expect(readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n')).toEqual([
    '--user show-environment',
    '--user daemon-reload',
    '--user enable --now cluster-ai.service',
  ]);
  expect(bench.starts('control-plane')).toEqual([]);
});

test('where there is no systemd for users nothing is written, and the unit is printed with the reason', async () => {
  await using bench = new Bench();
  const { code, stdout } = await bench.run(['up', '--service'], standInSystemctl(1));
  expect(code).toBe(0);
  expect(stdout).toContain('Failed to connect to bus');
  expect(stdout).toContain('ExecStart=');
  expect(existsSync(join(folder, 'config'))).toBe(false);
});

test('join --service joins first, and the unit holds no token', async () => {
  await using bench = new Bench();
  const { stdout } = await bench.run(['join', '192.0.2.1:7443', '--token', 'secret', '--service', '--json'], standInSystemctl(0));
  expect(bench.starts('agent')).toMatchObject([{ token: 'secret' }]);
  const { unit } = JSON.parse(stdout);
  expect(unit).toContain(`"join" "--data-dir" "${bench.folder}"`);
  expect(unit).not.toContain('secret');
});
