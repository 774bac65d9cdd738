import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { nonce } from './nonce.ts';
import { queries } from './queries.ts';
import { router } from './router.tsx';
import { Announcer } from './shell/Announcer.tsx';
import { theme } from './theme.ts';

const scheme = localStorageColorSchemeManager({ key: 'wagate-scheme' });

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={scheme} getStyleNonce={() => nonce}>
      <QueryClientProvider client={queries}>
        <Announcer />
        <Notifications position="top-center" containerWidth={400} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
