import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAsk, useAskPage } from '../../api/ask.ts';
import { Loaded, Skeletons } from '../../parts/Loaded.tsx';
import { Page } from '../../parts/Page.tsx';
import { useMay, useMe } from '../../session.tsx';
import { FirstSteps } from './FirstSteps.tsx';
import { Overview } from './Overview.tsx';

export function HomePage() {
  const { t } = useTranslation('home');
  const { user } = useMe();
  const { send, keep } = useMay();
  const devices = useAsk('GET /api/panel/devices');
  const installation = useAsk('GET /api/panel/installation');
  const messages = useAskPage('GET /api/panel/messages', { query: { limit: '5', page: '1' } });
  const empty = messages.data?.pagination.total === 0;
  // Who began with the steps sees them to their end, although the account is not empty any more after the second.
  const [guided, setGuided] = useState(false);
  const guide = (guided || empty) && send && installation.data?.sandbox !== false;
  return (
    <Page title={guide ? t('first.title') : t('title', { name: user.name })} lead={guide ? t('first.lead') : t('lead')}>
      <Loaded query={installation} skeleton={<Skeletons />}>
        {() => (
          <Loaded query={messages} skeleton={<Skeletons />}>
            {({ data }) => (
              <Loaded query={devices} skeleton={<Skeletons />}>
                {(list) =>
                  guide ? (
                    <FirstSteps
                      devices={list}
                      mayCreate={keep}
                      onBegun={() => setGuided(true)}
                      onDone={() => setGuided(false)}
                    />
                  ) : (
                    <Overview devices={list} messages={data} />
                  )
                }
              </Loaded>
            )}
          </Loaded>
        )}
      </Loaded>
    </Page>
  );
}
