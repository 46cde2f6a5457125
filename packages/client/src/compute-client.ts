import type { ComputeConnection, ComputeProfile, ComputeStatus, PoolName, Worker } from '@cluster-ai/contracts';
import type { CallOptions, Http } from './http.ts';

/** How many workers a pool has at least and at most; what is left out stays. */
export interface ScaleInput {
  readonly pool?: PoolName;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** The Dask cluster on the nodes (`/api/v1/compute`). */
export interface ComputeClient {
  /** What runs of it, and why not where it does not. */
  getComputeStatus(options?: CallOptions): Promise<ComputeStatus>;
  /** Turns it on, for good; answers at once, and the status tells how far the setting up is. Throws `forbidden`. */
  enableCompute(options?: CallOptions): Promise<ComputeStatus>;
  /** Turns it off, for good. Accepted tasks stay, and go on when it is turned on again. */
  disableCompute(options?: CallOptions): Promise<ComputeStatus>;
  /** Throws `invalid_request` for more at least than at most. */
  scaleCompute(input: ScaleInput, options?: CallOptions): Promise<ComputeStatus>;
  /** `default` keeps memory safe; `fast` is for many tiny tasks. */
  setComputeProfile(profile: ComputeProfile, options?: CallOptions): Promise<ComputeStatus>;
  /** Certificates for a plain Dask client. Whoever has them can run anything on every worker. Throws `forbidden`, `compute_disabled`. */
  connectCompute(options?: CallOptions): Promise<ComputeConnection>;
  /** The workers of Dask, one or more on a node. */
  listWorkers(options?: CallOptions): Promise<readonly Worker[]>;
}

export function createComputeClient({ request }: Http): ComputeClient {
  const change = <Answer>(verb: string, body: unknown, options?: CallOptions) =>
    request<Answer>({ method: 'POST', path: `compute/${verb}`, body, ...options });
  return {
    getComputeStatus: (options) => request({ path: 'compute', ...options }),
    enableCompute: (options) => change('enable', {}, options),
    disableCompute: (options) => change('disable', {}, options),
    scaleCompute: (input, options) => change('scale', input, options),
    setComputeProfile: (profile, options) => change('profile', { profile }, options),
    connectCompute: (options) => change('connect', {}, options),
    listWorkers: async (options) => (await request<ComputeStatus>({ path: 'compute', ...options })).workers,
  };
}
