// `npm start`: installs what is missing, builds what is stale, and runs `cluster-ai up` with everything after `--`.
import { failWithSentence, launchCli } from './lib/launch.mjs';

await launchCli(['up', ...process.argv.slice(2)]).catch(failWithSentence);
