// Checks AsyncAPI documents with the AsyncAPI project's own parser: node check.mjs FOLDER-OF-THE-PARSER FILE...
// Prints one line for each fault, and one for each document; the exit status is 1 if there was a fault.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, ...files] = process.argv.slice(2);
const { Parser } = createRequire(`${resolve(folder)}/`)('@asyncapi/parser');
const SEVERITIES = ['error', 'warning', 'information', 'hint'];
let faults = 0;

for (const file of files) {
  const source = pathToFileURL(resolve(file)).pathname;
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, 'utf8'), { source });
  // Warnings too: only what is recommended beyond the standard may stay.
  const wrong = diagnostics.filter(({ severity }) => severity <= 1);
  for (const { severity, path, message } of wrong) {
    console.log(`${file}: ${SEVERITIES[severity]} at ${path.join('.')}: ${message}`);
  }
  faults += wrong.length + (document ? 0 : 1);
  const operations = document ? document.allOperations().length : 0;
  const messages = document ? document.allMessages().length : 0;
  console.log(`${file}: AsyncAPI ${document?.version()}, ${operations} operations, ${messages} messages`);
}
process.exitCode = faults > 0 ? 1 : 0;
