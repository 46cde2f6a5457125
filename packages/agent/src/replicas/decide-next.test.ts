import { ClusterError, toEnglish } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { countFailures, decideAfterExit, decideAfterFailedStart, HEALTHY_AFTER_MS } from './decide-next.ts';

const fresh = { failures: 0, loadCrashes: 0 };

describe('after a failed start', () => {
  test.each([
    ['invalid_model_file', 'invalid_model_file'],
    ['digest_mismatch', 'digest_mismatch'],
    ['unsupported_feature', 'unsupported_model'],
    ['not_enough_memory', 'not_enough_memory'],
    ['blob_not_found', 'weights_missing'],
  ] as const)('%s is final: another try would end the same way', (code, reason) => {
    const next = decideAfterFailedStart(new ClusterError(code, 'What happened.', { hint: 'Do this.' }), fresh);
    expect(next).toEqual({ type: 'give-up', reason, message: 'What happened.', hint: 'Do this.' });
  });

  test.each([
    ['disk_full', 'disk_full'],
    ['node_unreachable', 'fetching_weights'],
    ['engine_timeout', 'load_timeout'],
    ['engine_crashed', 'engine_crashed'],
    ['internal', 'engine_crashed'],
  ] as const)('%s may pass: it is tried again', (code, reason) => {
    expect(decideAfterFailedStart(new ClusterError(code, 'What happened.'), fresh)).toEqual({
      type: 'try-again',
      afterMs: 250,
      reason,
      message: 'What happened.',
    });
  });

  test('a file that killed the engine twice is rejected', () => {
    const next = decideAfterFailedStart(new ClusterError('engine_crashed', 'Aborted.'), { failures: 1, loadCrashes: 2 });
    expect(next).toMatchObject({ type: 'give-up', reason: 'invalid_model_file' });
    expect(toEnglish(next.message)).toContain('2 times');
  });

  test('a full disk is no verdict on a file that crashed before', () => {
    const next = decideAfterFailedStart(new ClusterError('disk_full', 'Full.'), { failures: 2, loadCrashes: 2 });
    expect(next).toMatchObject({ type: 'try-again', reason: 'disk_full' });
  });

  test('a load that took too long twice is given up', () => {
    const next = decideAfterFailedStart(new ClusterError('engine_timeout', 'Slow.'), { failures: 1, loadCrashes: 0 });
    expect(next).toMatchObject({ type: 'give-up', reason: 'load_timeout' });
  });

  test('pauses double up to half a minute', () => {
    const pauses = [0, 1, 2, 20].map(
      (failures) => decideAfterFailedStart(new ClusterError('disk_full', 'Full.'), { failures, loadCrashes: 0 }) as { afterMs: number },
    );
    expect(pauses.map(({ afterMs }) => afterMs)).toEqual([250, 500, 1000, 30_000]);
  });
});

describe('after the end of an engine that served', () => {
  test('it is started again, however often', () => {
    expect(decideAfterExit('The engine aborted.', 1000, { failures: 50, loadCrashes: 0 })).toEqual({
      type: 'try-again',
      afterMs: 30_000,
      reason: 'engine_crashed',
      message: 'The engine aborted.',
    });
  });

  test('a long healthy time forgives what was before', () => {
    expect(decideAfterExit('', HEALTHY_AFTER_MS, { failures: 50, loadCrashes: 0 })).toMatchObject({ afterMs: 250 });
    expect(countFailures({ failures: 50, loadCrashes: 0 }, HEALTHY_AFTER_MS)).toBe(1);
    expect(countFailures({ failures: 50, loadCrashes: 0 }, 0)).toBe(51);
  });
});
