/** How people start the program where it is installed. In a clone they write `npx cluster-ai`. */
export const installedProgram = 'cluster-ai';

// a command, not the name of a file (`cluster-ai.yaml`, `~/.cluster-ai`), and none that says `npx` already
const command = /(?<!npx |[\w./~-])cluster-ai(?= [a-z])/g;

/**
 * A text with its commands as they are started here. Our texts say `cluster-ai up`; whoever shows one to a person says by this function
 * how that person types it.
 */
export const nameProgram = (text: string, program: string): string =>
  program === installedProgram ? text : text.replaceAll(command, program);
