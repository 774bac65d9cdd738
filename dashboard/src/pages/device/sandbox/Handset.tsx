import { Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAsk } from '../../../api/ask.ts';
import { Loaded, Skeletons } from '../../../parts/Loaded.tsx';
import { phone } from '../../../parts/phones.ts';
import { Chat } from './Chat.tsx';
import { ChatList } from './ChatList.tsx';
import './handset.css';

/** The simulated phone: what its contacts see of this device's messages, and a way to answer as one of them. */
export function Handset({ deviceId }: { readonly deviceId: number }) {
  const { t } = useTranslation('sandbox');
  const [number, setNumber] = useState<string>();
  const id = String(deviceId);
  const sandbox = useAsk('GET /api/panel/devices/{id}/sandbox', { params: { id } }, { refetchInterval: 10_000 });
  return (
    <section className="handset" aria-label={t('title')}>
      <div className="handset-screen">
        <Loaded query={sandbox} skeleton={<Skeletons rows={4} height={56} />}>
          {({ phone_number, conversations, numbers }) =>
            number === undefined ? (
              <>
                <header className="handset-bar">
                  <div>
                    <Title order={2} size="h5">
                      {t('title')}
                    </Title>
                    <Text size="xs">{phone(phone_number)}</Text>
                  </div>
                </header>
                <ChatList conversations={conversations} numbers={numbers} onOpen={setNumber} />
              </>
            ) : (
              <Chat key={number} deviceId={id} number={number} onBack={() => setNumber(undefined)} />
            )
          }
        </Loaded>
      </div>
    </section>
  );
}
