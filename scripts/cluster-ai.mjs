#!/usr/bin/env node
// `cluster-ai …` from a clone: runs the command line from source. Only `up` builds what is served to browsers and to other machines.
import { failWithSentence, launchCli } from './lib/launch.mjs';

const args = process.argv.slice(2);
await launchCli(args, { serves: args[0] === 'up' }).catch(failWithSentence);
