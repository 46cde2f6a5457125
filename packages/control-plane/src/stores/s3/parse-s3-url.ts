import { ClusterError } from '@cluster-ai/contracts';
import { trimCharacters } from '@cluster-ai/runtime';

export interface S3Place {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** `undefined` for Amazon's own. */
  readonly endpoint: string | undefined;
  readonly region: string;
}

export const isS3Url = (text: string): boolean => text.startsWith('s3://');

const invalid = (why: string) =>
  new ClusterError('config_invalid', `The value of \`blobs.path\` is no address of an S3 store: ${why}.`, {
    hint: 'Write s3://BUCKET/PREFIX?endpoint=https://HOST&region=NAME; the endpoint may be left out for Amazon.',
  });

/** `s3://bucket/prefix?endpoint=…&region=…`. Throws `config_invalid`. */
export function parseS3Url(text: string): S3Place {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 's3:') throw invalid('it cannot be read');
  if (url.username !== '' || url.password !== '') throw invalid('credentials belong into a secret or the environment');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname)) throw invalid('the bucket has no valid name');
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'endpoint' && name !== 'region');
  if (unknown !== undefined) throw invalid(`it does not know "${unknown}"`);
  const endpoint = url.searchParams.get('endpoint') ?? undefined;
  if (endpoint !== undefined && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)))
    throw invalid('the endpoint is no http or https address');
  const path = trimCharacters(decodeURIComponent(url.pathname), '/');
  return { bucket: url.hostname, prefix: path === '' ? '' : `${path}/`, endpoint, region: url.searchParams.get('region') ?? 'us-east-1' };
}
