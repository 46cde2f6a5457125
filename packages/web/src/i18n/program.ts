import { installedProgram, nameProgram } from '@cluster-ai/contracts';

/** How people start the program on the machine that served this page; it says so in the page itself. */
const program = document.querySelector<HTMLMetaElement>('meta[name="cluster-ai-program"]')?.content || installedProgram;

/** A text with its commands as they are typed on the machine of the cluster. */
export const asTyped = (text: string): string => nameProgram(text, program);
