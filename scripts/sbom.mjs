import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `npm run sbom`: what an installation consists of, as CycloneDX, from the lockfile alone. `-- <file>` names another place. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const file = process.argv[2] ?? 'sbom.cdx.json';
const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only', '--omit=dev'];
const { stdout, stderr, status, error } = spawnSync('npm', args, {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
  shell: process.platform === 'win32',
});
if (status !== 0) {
  process.stderr.write(`npm could not make the list (npm 10 or newer can): ${error?.message ?? stderr}\n`);
  process.exit(1);
}
const bom = JSON.parse(stdout);
const { name, version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
// npm calls the whole by the name of its folder.
Object.assign(bom.metadata.component, { name, version, purl: `pkg:npm/${name}@${version}` });
const { components } = bom;
writeFileSync(resolve(root, file), `${JSON.stringify(bom, null, 2)}\n`);
process.stdout.write(`${file}: ${components.length} packages\n`);
