/** One event of `text/event-stream`. */
export const toEvent = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

/** The end of an OpenAI stream. */
export const doneEvent = 'data: [DONE]\n\n';

/** A comment that clients skip, so that nobody on the way takes a long silence for a dead connection. */
export const keepAliveComment = ': keep-alive\n\n';
