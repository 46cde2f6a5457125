import { collectedGarbageShape, collectGarbageShape } from '@cluster-ai/contracts';
import { describeAct } from '../../../access/audit/act.ts';
import { type NativeRoute, route } from '../route.ts';
import { type RegistryDoorDependencies, registryTag as tag } from './registry-door-dependencies.ts';

/** The disk is tidied each hour by itself; this is for whoever wants the room at once. */
export function garbageRoutes({ blobParts }: RegistryDoorDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'POST',
      path: '/garbage/collect',
      permission: 'models:write',
      tag,
      summary: 'Remove the files that no version needs any more',
      body: collectGarbageShape,
      answer: collectedGarbageShape,
      handle: async ({ body }) => {
        describeAct({ details: { now: body.now } });
        return blobParts.garbage.collect(body.now ? { graceMs: 0 } : {});
      },
    }),
  ];
}
