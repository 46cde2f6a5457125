import { isIP } from 'node:net';
import { ClusterError } from '@cluster-ai/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `auth`: the route takes a password, a code or a one-use link, so that guessing must be slow. */
    rateClass?: 'auth';
  }
  interface FastifyRequest {
    /** Gives back what an attempt cost, once it turned out to be right, or not to be one. */
    forgiveAttempt?: () => void;
  }
}

const minuteMs = 60_000;
export const usualAttemptsPerMinute = 5;
export const writesPerMinute = 60;
/** Sources that are remembered at once: a flood of addresses must not fill the memory. */
const mostSources = 50_000;

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** So many within a minute, refilled steadily. What it remembers is bounded: the oldest sources are forgotten first. */
export function createBuckets(perMinute: number, mostRemembered: number = mostSources) {
  const buckets = new Map<string, Bucket>();
  const fill = (source: string, nowMs: number): Bucket => {
    const bucket = buckets.get(source) ?? { tokens: perMinute, filledAtMs: nowMs };
    const gained = (Math.max(0, nowMs - bucket.filledAtMs) * perMinute) / minuteMs;
    buckets.delete(source); // comes back as the newest
    const filled = { tokens: Math.min(perMinute, bucket.tokens + gained), filledAtMs: nowMs };
    buckets.set(source, filled);
    const [oldest] = buckets.keys();
    if (buckets.size > mostRemembered && oldest !== undefined) buckets.delete(oldest);
    return filled;
  };
  return {
    /** 0 when it may go on; otherwise the seconds after which it may. */
    take(source: string, nowMs: number): number {
      const bucket = fill(source, nowMs);
      if (bucket.tokens < 1) return Math.max(1, Math.ceil(((1 - bucket.tokens) * minuteMs) / perMinute / 1000));
      bucket.tokens--;
      return 0;
    },
    giveBack(source: string): void {
      const bucket = buckets.get(source);
      if (bucket) bucket.tokens = Math.min(perMinute, bucket.tokens + 1);
    },
    size: () => buckets.size,
  };
}

/** One machine may have a whole IPv6 network of 64 bits to itself. */
export function toSource(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}

function tooMany(what: string, waitSeconds: number): ClusterError {
  return new ClusterError('too_many_requests', what, { hint: `Try again in ${waitSeconds} s.`, retryAfterSeconds: waitSeconds });
}

const readsOnly: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Writes are counted, except what a key's own limits count (inference) and what comes from this machine's owner. */
function isCountedWrite({ method, routeOptions, caller }: FastifyRequest): boolean {
  const { permission, rateClass } = routeOptions.config ?? {};
  if (readsOnly.has(method) || permission === 'inference:use' || rateClass === 'auth') return false;
  return caller !== undefined && caller.kind !== 'host' && caller.kind !== 'local';
}

export interface RateLimitOptions {
  /** From one address. */
  readonly attemptsPerMinute: number;
  /** Milliseconds. */
  readonly now: () => number;
  readonly onRefused: (request: FastifyRequest, error: ClusterError) => void;
}

/**
 * Three classes: attempts to sign in by address, before anything else is looked at; writes by caller, once that is known and before
 * the body is read; inference by its key's own limits, elsewhere.
 */
export function limitRates(app: FastifyInstance, { attemptsPerMinute, now, onRefused }: RateLimitOptions): void {
  const attempts = createBuckets(attemptsPerMinute);
  const writes = createBuckets(writesPerMinute);
  const refuse = (request: FastifyRequest, what: string, waitSeconds: number): never => {
    const error = tooMany(what, waitSeconds);
    onRefused(request, error);
    throw error;
  };
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config?.rateClass !== 'auth') return;
    const source = toSource(request.ip);
    const waitSeconds = attempts.take(source, now());
    if (waitSeconds > 0) refuse(request, 'Too many attempts from this address.', waitSeconds);
    request.forgiveAttempt = () => attempts.giveBack(source);
  });
  app.addHook('preParsing', async (request) => {
    if (!isCountedWrite(request)) return;
    const waitSeconds = writes.take(`${request.caller?.kind} ${request.caller?.id}`, now());
    if (waitSeconds > 0) refuse(request, `More than ${writesPerMinute} changes in a minute.`, waitSeconds);
  });
  app.addHook('onResponse', async (request, reply) => {
    // what the route itself put off, since this name is being guessed, was no attempt: nothing was compared
    if (reply.statusCode < 400 || reply.statusCode === 429) request.forgiveAttempt?.();
  });
}
