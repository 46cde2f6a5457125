#!/usr/bin/env node
// `cluster-ai …` from a clone: runs the command line from source. The web UI is built only for `up`, which serves it.
import { failWithSentence, launchCli } from './lib/launch.mjs';

const args = process.argv.slice(2);
await launchCli(args, { withWeb: args[0] === 'up' }).catch(failWithSentence);
