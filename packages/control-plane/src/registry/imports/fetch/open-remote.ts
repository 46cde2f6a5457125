import type { OutgoingClient, OutgoingStream } from '../../../outgoing/outgoing-client.ts';
import type { RemoteFile } from '../plan.ts';

/** Asks for a file, and once more when the source wants another proof of who asks. Redirects are followed by the client, which checks each. */
export async function openRemote(
  client: OutgoingClient,
  { url, authorize }: RemoteFile,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<OutgoingStream> {
  const ask = async (challenge?: string) =>
    client.stream({ url, headers: { ...headers, ...(await authorize?.(challenge, signal)) } }, signal);
  const first = await ask();
  const challenge = first.headers.get('www-authenticate');
  const isOfSource = new URL(first.url).origin === new URL(url).origin; // what another host asks for is not answered
  if (first.status !== 401 || authorize === undefined || challenge === undefined || !isOfSource) return first;
  first.body.destroy();
  return ask(challenge);
}
