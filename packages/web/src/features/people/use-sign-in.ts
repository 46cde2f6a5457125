import { isClusterError, type Profile } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useApp } from '../../api/app-context.ts';

/** What somebody writes to sign in; the code only once the server has asked for it. */
export function useSignIn(knownName = '') {
  const { cluster } = useApp();
  const [name, setName] = useState(knownName);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string>();

  /** Throws what the server refuses. */
  async function signIn(): Promise<Profile> {
    try {
      return await cluster.signIn({ name: name.trim(), password, ...(code ? { code: code.trim() } : {}) });
    } catch (error) {
      if (isClusterError(error) && error.code === 'second_factor_required') setCode((before) => before ?? '');
      throw error;
    }
  }

  return { name, setName, password, setPassword, code, setCode, signIn, isReady: name.trim() !== '' && password !== '' };
}
export type SignIn = ReturnType<typeof useSignIn>;
