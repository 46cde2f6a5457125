import { fileURLToPath } from 'node:url';
import { takeEnvironment } from './local/child-environment.ts';
import { hideArguments } from './local/hide-arguments.ts';
import { listenForEnd } from './local/listen-for-end.ts';
import { findProcessFiles } from './local/process-files.ts';
import { chooseLanguage } from './output/language.ts';
import { createTerminal } from './output/terminal.ts';
import { runProgram } from './program.ts';
import { version } from './version.ts';

const { stdout: output, stderr: errors, stdin: input } = process;
const environment = takeEnvironment(process.env);
const program = import.meta.url.endsWith('.ts') ? 'npx cluster-ai' : 'cluster-ai';
// whoever reads our output may have seen enough: `cluster-ai logs | head`
output.on('error', () => process.exit(0));

const args = process.argv.slice(2);
hideArguments(args);
process.exitCode = await runProgram(args, {
  terminal: createTerminal({
    output,
    errors,
    input,
    language: chooseLanguage(environment),
    program,
    isPlain: Boolean(environment['NO_COLOR']) || environment['TERM'] === 'dumb',
  }),
  environment,
  signal: listenForEnd(),
  version,
  program,
  selfCommand: [process.execPath, fileURLToPath(import.meta.url)],
  processFiles: findProcessFiles(),
});
