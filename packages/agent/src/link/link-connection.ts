import { constants, performServerHandshake } from 'node:http2';
import { alpn, heartbeat } from '@cluster-ai/contracts';
import { type Clock, type Exchange, type Logger, linkServerSession, linkWindowBytes, toStreamListener } from '@cluster-ai/runtime';
import { trustOf } from './blob-client.ts';
import { dial } from './dial.ts';
import type { Identity } from './identity.ts';

const lookEveryMs = 500;
/** A look that comes this late says more about us than about the control plane. */
const mostOwnLagMs = 1000;

export interface LinkConnection {
  /** The first heartbeat came: the control plane took us in. */
  readonly welcomed: Promise<void>;
  /** Resolves when the connection is over, whoever ended it, also when heartbeats stayed away. */
  readonly over: Promise<'closed' | 'silent'>;
  /** It was replaced: no heartbeats are expected on it any more. It closes when its work is done. */
  retire(): void;
  /** Ends what runs on it at once. */
  close(): void;
  /** Lets what has been written go out, then closes. */
  finish(): Promise<void>;
}

export interface LinkConnectionDeps {
  readonly identity: Identity;
  readonly handle: (exchange: Exchange, onBeat: () => void) => void | Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Dials the control plane and serves it. Throws what `dial` throws. */
export async function openLinkConnection(deps: LinkConnectionDeps, signal: AbortSignal): Promise<LinkConnection> {
  const { identity, handle, clock, log } = deps;
  const socket = await dial(identity.address, alpn.link, trustOf(identity), signal);
  const session = performServerHandshake(socket, linkServerSession);
  session.on('error', () => {}); // `close` follows
  session.setLocalWindowSize(linkWindowBytes);

  let heardAtMs = clock.monotonic();
  const { promise: welcomed, resolve: welcome } = Promise.withResolvers<void>();
  const onBeat = () => {
    heardAtMs = clock.monotonic();
    welcome();
  };
  const listener = toStreamListener(
    (exchange) => handle(exchange, onBeat),
    (error, path) => log.error({ err: error, path }, 'A request of the control plane failed on our side'),
  );
  session.on('stream', listener);

  const ended = new AbortController();
  const closed = new Promise<void>((resolve) => session.once('close', resolve));
  void closed.then(() => ended.abort(new Error('The link closed')));
  const close = () => session.destroy(undefined, constants.NGHTTP2_CANCEL);
  const watching = new AbortController();

  const watchSilence = async (): Promise<'closed' | 'silent'> => {
    const until = AbortSignal.any([ended.signal, watching.signal]);
    for (let lookedAtMs = clock.monotonic(); !until.aborted; ) {
      await clock.sleep(lookEveryMs, until).catch(() => {});
      const nowMs = clock.monotonic();
      const ownLagMs = nowMs - lookedAtMs - lookEveryMs;
      if (ownLagMs > mostOwnLagMs) heardAtMs += ownLagMs;
      lookedAtMs = nowMs;
      if (!until.aborted && nowMs - heardAtMs > heartbeat.lostAfterMs) {
        close();
        return 'silent';
      }
    }
    await closed;
    return 'closed';
  };

  return {
    welcomed,
    over: watchSilence(),
    retire: () => watching.abort(new Error('The link was replaced')),
    close,
    async finish() {
      session.close();
      await Promise.race([closed, clock.sleep(1000)]);
      close();
    },
  };
}
