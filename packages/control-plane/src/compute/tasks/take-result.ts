import { rm } from 'node:fs/promises';
import type { Clock } from '@cluster-ai/runtime';
import { inStore, recordBlob, settleBlobs, toBlobRow } from '../../registry/record-blob.ts';
import type { BlobStore, StagedBlob } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';
import type { BridgeEvent } from '../bridge/messages.ts';
import type { TakenResult } from './task-loop.ts';

export interface TakeResultDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Pick<Clock, 'now'>;
}

const never = new AbortController().signal;

/** Brings what lies in the bridge's spool into the store of blobs. It counts as the task's with the transaction that records the end. */
export function createResultTaking({ database, blobs, clock }: TakeResultDependencies) {
  async function stage(file: string): Promise<StagedBlob> {
    const staged = await blobs.stage(file, never);
    await staged.send(never);
    return staged;
  }
  return async (event: BridgeEvent & { readonly type: 'done' | 'failed' }): Promise<TakenResult> => {
    const result = event.type === 'done' && event.file !== undefined ? await stage(event.file) : undefined;
    const report = event.report === undefined ? undefined : await stage(event.report).catch(() => undefined); // the work itself is done
    const all = [result, report].filter((staged) => staged !== undefined);
    return {
      ...(result === undefined ? {} : { result: { json: null, digest: result.digest, sizeBytes: result.sizeBytes } }),
      ...(report === undefined ? {} : { reportDigest: report.digest }),
      async record(transaction) {
        for (const { digest, sizeBytes, place } of all)
          await recordBlob(transaction, { row: toBlobRow(digest, sizeBytes, inStore, clock.now()), place }, blobs);
      },
      async stored() {
        await settleBlobs(database, blobs, all.map(({ digest }) => digest)); // biome-ignore format: one call
        for (const staged of all) await staged[Symbol.asyncDispose]();
        for (const file of [event.type === 'done' ? event.file : undefined, event.report])
          if (file !== undefined) await rm(file, { force: true });
      },
    };
  };
}
