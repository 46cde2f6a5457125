/** The bytes at the source are others than those that the first parts are of. */
export class SourceChanged extends Error {}
