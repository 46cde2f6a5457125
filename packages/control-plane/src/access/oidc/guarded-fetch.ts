import type { CustomFetch } from 'openid-client';
import type { OutgoingClient } from '../../outgoing/outgoing-client.ts';

const WITHOUT_BODY = new Set([204, 205, 304]);

/** What the library would call `fetch` for goes through the guarded client. It follows no redirect: an endpoint is where it says it is. */
export const toFetch =
  (outgoing: OutgoingClient): CustomFetch =>
  async (url, { method, headers, body, signal }) => {
    const sent = body instanceof URLSearchParams || typeof body === 'string' ? String(body) : undefined;
    if (body !== null && body !== undefined && sent === undefined) throw new Error('Only forms and text are sent to a sign-in provider.');
    const request = { url, method, headers, redirect: 'answer' as const, ...(sent === undefined ? {} : { body: sent }) };
    const answer = await outgoing.send(request, signal);
    return new Response(WITHOUT_BODY.has(answer.status) ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: [...answer.headers].filter(([name]) => name !== 'set-cookie'),
    });
  };
