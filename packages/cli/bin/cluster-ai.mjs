#!/usr/bin/env node
// npm links this one into node_modules/.bin, so that `npx cluster-ai …` works from the clone.
import '../../../scripts/cluster-ai.mjs';
