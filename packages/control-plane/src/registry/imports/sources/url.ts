import { ClusterError, phrase } from '@cluster-ai/contracts';
import { fileTypes, type ImportPlan, type Source } from '../plan.ts';
import type { Credential } from './registry-session.ts';
import { toModelName } from './to-model-name.ts';

/** A file by its address. What it is must be seen by its name, since a header is read only once it is here. */
export function createUrlSource({ credentialFor }: { readonly credentialFor: (host: string) => Promise<Credential | undefined> }): Source {
  return {
    async resolve({ reference, digest }): Promise<ImportPlan> {
      if (!URL.canParse(reference))
        throw new ClusterError('invalid_request', phrase('not_a_source', { reference: reference.slice(0, 120) }), { param: 'reference' });
      const url = new URL(reference);
      const fragment = /^#(sha256)[=:]([0-9a-f]{64})$/.exec(url.hash)?.[2];
      url.hash = '';
      const fileName = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
      if (!/\.gguf$/i.test(fileName))
        throw new ClusterError('unsupported_feature', phrase('url_is_no_gguf', { url: url.href.slice(0, 200) }), {
          hint: phrase('only_gguf_by_url'),
          param: 'reference',
        });
      const authorize = async (): Promise<Record<string, string>> => {
        const credential = await credentialFor(url.host);
        return credential !== undefined && 'token' in credential ? { authorization: `Bearer ${credential.token}` } : {};
      };
      return {
        files: [
          {
            path: 'model.gguf',
            mediaType: fileTypes.gguf,
            sizeBytes: null,
            digest: digest ?? (fragment === undefined ? null : `sha256:${fragment}`),
            origin: { kind: 'remote', remote: { url: url.href, authorize } },
          },
        ],
        suggestedName: toModelName(fileName.replace(/\.gguf$/i, '')),
        suggestedAlias: 'latest',
        source: `${url.origin}${url.pathname}`,
      };
    },
  };
}
