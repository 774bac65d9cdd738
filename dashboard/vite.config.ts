import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const gateway = process.env.WAGATE_URL ?? 'http://127.0.0.1:3000';

const shellParts =
  /dashboard[\\/]src[\\/](api[\\/](ask|client|failure)|parts[\\/](announce|failures|FailureNote|Loaded|Page|notices|useAction))\.tsx?$/;
const mantineParts =
  /@mantine[\\/]core[\\/]esm[\\/](core|components[\\/](Alert|Anchor|AppShell|Avatar|Badge|Box|Button|Card|Center|Drawer|Group|Loader|Menu|ModalBase|NavLink|Overlay|Paper|Popover|Portal|ScrollArea|SegmentedControl|Skeleton|Stack|Text|ThemeIcon|Title|Transition|UnstyledButton|VisuallyHidden))[\\/]/;

export default defineConfig({
  plugins: [react(), bootScript()],
  build: {
    target: 'es2022',
    manifest: true,
    // A data: address would need its own word in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What every page needs, in one file: it packs better than sixty small ones, and is asked for once.
          groups: [
            {
              name: 'base',
              test: /node_modules[\\/](react|react-dom|scheduler|@tanstack|i18next|react-i18next|use-sync-external-store)[\\/]/,
            },
            { name: 'shell', test: isInShell },
          ],
        },
      },
    },
  },
  server: { port: 5173, strictPort: false, proxy: proxies() },
  preview: { port: 4173, proxy: proxies() },
});

/** Modules of the frame around every page, and what they are made of. */
function isInShell(id: string): boolean {
  return (
    shellParts.test(id) ||
    mantineParts.test(id) ||
    /dashboard[\\/]src[\\/](shell|main|App|theme|queries|session|router|nonce|i18n)/.test(id)
  );
}

/** What only the gateway can answer, so that the page and the API share one origin while one develops. */
function proxies() {
  return Object.fromEntries(
    ['/api', '/health', '/openapi.json', '/docs/reference', '/assets/wagate.css'].map((path) => [
      path,
      // The gateway compares Origin with its own address.
      { target: gateway, changeOrigin: true, headers: { origin: gateway } },
    ]),
  );
}

/** Puts src/boot.js into the head: blocking, as a hashed file. */
function bootScript(): Plugin {
  const file = new URL('src/boot.js', import.meta.url);
  const source = readFileSync(file, 'utf8');
  const hash = createHash('sha256').update(source).digest('base64url').slice(0, 8);
  let address = '/src/boot.js';
  return {
    name: 'wagate-boot-script',
    configResolved({ command }) {
      if (command === 'build') address = `/assets/boot-${hash}.js`;
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: address.slice(1), source });
    },
    transformIndexHtml: {
      order: 'post',
      handler: () => [{ tag: 'script', attrs: { src: address }, injectTo: 'head-prepend' }],
    },
  };
}
