/** Aborts on the first request to end: from the terminal, from a service manager, or because whoever started us was killed. */
export function listenForEnd(): AbortSignal {
  const controller = new AbortController();
  const end = () => controller.abort(new Error('Ended on request.'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  if (process.connected) {
    process.on('disconnect', end);
    process.channel?.unref(); // a command that is done must not wait for its starter
  }
  return controller.signal;
}
