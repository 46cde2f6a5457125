import type { AddPasskeyInput, PasskeyOptions, PasskeySignInInput } from '@cluster-ai/contracts';

/** Whether this browser can make and use passkeys here: they need a secure page. */
export const hasPasskeys = (): boolean =>
  typeof PublicKeyCredential === 'function' && typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function';

/** Null where the person changed their mind, or the device has none. */
type Answer<Wanted> = Promise<Wanted | null>;

async function ask(work: () => Promise<Credential | null>): Answer<object> {
  try {
    const made = await work();
    return made === null ? null : (made as PublicKeyCredential).toJSON();
  } catch (error) {
    if (error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'AbortError')) return null;
    throw error;
  }
}

/** Has the browser make a passkey. */
export const makePasskey = ({ options }: PasskeyOptions) =>
  ask(() =>
    navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options as unknown as PublicKeyCredentialCreationOptionsJSON),
    }),
  ) as Answer<AddPasskeyInput['credential']>;

/** Has the browser sign with a passkey. */
export const signWithPasskey = ({ options }: PasskeyOptions) =>
  ask(() =>
    navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options as unknown as PublicKeyCredentialRequestOptionsJSON),
    }),
  ) as Answer<PasskeySignInInput['credential']>;
