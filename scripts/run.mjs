// The door of `npm start`, `npm test` and every `npm run …`. Any Node must be able to read this file, so it imports nothing at its
// head and keeps to old syntax: a host whose Node is too old then gets a sentence instead of a syntax error.
const oldest = 20;
const found = process.versions.node;

if (Number(found.split('.')[0]) < oldest) {
  process.stderr.write(
    `WAGate needs Node.js ${oldest} or newer, and this is Node.js ${found}: please install a current one from https://nodejs.org and repeat the command.\n`,
  );
  process.exitCode = 1;
} else {
  void import('./launch.mjs').then((launcher) => launcher.launch(process.argv.slice(2)));
}
