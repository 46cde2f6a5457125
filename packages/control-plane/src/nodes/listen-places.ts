import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type DataFolder, writePrivateFile } from '@cluster-ai/runtime';
import { z } from 'zod';

const placesShape = z.object({ port: z.int().min(1).max(65_535), hosts: z.array(z.string()) });

/** Where the link listens: machines that joined dial the same port after a restart. */
export type ListenPlaces = z.infer<typeof placesShape>;

const fileOf = (folder: DataFolder) => join(folder.root, 'state', 'link.json');

export function loadPlaces(folder: DataFolder): ListenPlaces | undefined {
  if (!existsSync(fileOf(folder))) return undefined;
  return placesShape.parse(JSON.parse(readFileSync(fileOf(folder), 'utf8')));
}

export function savePlaces(folder: DataFolder, places: ListenPlaces): void {
  writePrivateFile(fileOf(folder), JSON.stringify(places));
}

/** The first address of this machine that others may reach. */
export function findOutsideAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((entry) => entry.family === 'IPv4' && !entry.internal)?.address;
}
