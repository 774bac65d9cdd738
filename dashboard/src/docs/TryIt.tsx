import { Alert, Anchor, Button, Card, NativeSelect, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconFlask, IconSend2 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useAsk } from '../api/ask.ts';
import { call } from '../api/client.ts';
import { ApiFailure } from '../api/failure.ts';
import type { PanelDevice } from '../api/types.ts';
import { FailureNote } from '../parts/FailureNote.tsx';
import { firstSender, recipientFor } from '../parts/senders.ts';
import { useSubmit } from '../parts/useSubmit.ts';
import { CodeBox } from './CodeBox.tsx';
import { useDocs } from './context.ts';

/** Sends a message from a device of whoever is signed in, by the dashboard's own route, and shows what the server answers. */
export function TryIt() {
  const { tryIt } = useDocs().texts.extras;
  const installation = useAsk('GET /api/panel/installation');
  const signedIn = installation.data?.signed_in === true;
  const me = useAsk('GET /api/panel/me', {}, { enabled: signedIn });
  const devices = useAsk('GET /api/panel/devices', {}, { enabled: signedIn });
  if (installation.data === undefined) return null;
  if (!signedIn)
    return (
      <Alert color="gray" role="note">
        <Anchor renderRoot={(props) => <Link to="/sign-in" search={{ to: '/docs' }} {...props} />}>
          {tryIt.visitor}
        </Anchor>
      </Alert>
    );
  const error = me.error ?? devices.error;
  if (error !== null)
    return <FailureNote error={error} onRetry={() => void Promise.all([me.refetch(), devices.refetch()])} />;
  if (me.data === undefined || devices.data === undefined) return null;
  if (me.data.account.role === 'viewer') return <Text>{tryIt.viewer}</Text>;
  const first = firstSender(devices.data);
  if (first === undefined)
    return (
      <Alert color="gray" role="note">
        {tryIt.noDevice} <Anchor renderRoot={(props) => <Link to="/devices" {...props} />}>{tryIt.toDevices}</Anchor>
      </Alert>
    );
  return <Form devices={devices.data} first={first} />;
}

function Form({ devices, first }: { readonly devices: readonly PanelDevice[]; readonly first: PanelDevice }) {
  const { tryIt } = useDocs().texts.extras;
  const [answer, setAnswer] = useState<unknown>();
  const filled = (value: string) => (value.trim() === '' ? tryIt.required : null);
  const form = useForm({
    initialValues: {
      device_id: String(first.id),
      recipient: recipientFor(first.kind, ''),
      message: tryIt.hello,
    },
    validate: { recipient: filled, message: filled },
  });
  const { busy, failure, submit } = useSubmit(form);
  const kindOf = (device: string) => (devices.find(({ id }) => String(id) === device) ?? first).kind;

  const send = async ({ device_id, recipient, message }: typeof form.values) => {
    setAnswer(undefined);
    try {
      const body = { device_id: Number(device_id), recipient: recipient.trim(), message };
      setAnswer(await call('POST /api/panel/messages', { body }));
    } catch (error) {
      if (error instanceof ApiFailure && error.status > 0) setAnswer(envelopeOf(error));
      throw error;
    }
  };

  return (
    <Card>
      <form onSubmit={submit(send)} noValidate>
        <Stack gap="sm">
          <NativeSelect
            label={tryIt.device}
            data={devices.map(({ id, name, live }) => ({
              value: String(id),
              label: live.status === 'connected' ? name : `${name} (${tryIt.offline})`,
            }))}
            {...form.getInputProps('device_id')}
            onChange={({ currentTarget: { value } }) => {
              form.setFieldValue('device_id', value);
              form.setFieldValue('recipient', (now) => recipientFor(kindOf(value), now));
            }}
          />
          {kindOf(form.values.device_id) === 'sandbox' && (
            <Alert color="yellow" role="status" icon={<IconFlask aria-hidden />}>
              {tryIt.simulated}
            </Alert>
          )}
          <TextInput
            label={tryIt.recipient}
            placeholder="628123456789"
            inputMode="tel"
            {...form.getInputProps('recipient')}
          />
          <Textarea label={tryIt.message} autosize minRows={2} maxLength={5000} {...form.getInputProps('message')} />
          {failure !== undefined && <FailureNote error={failure} />}
          <Button type="submit" loading={busy} leftSection={<IconSend2 size={18} aria-hidden />}>
            {tryIt.send}
          </Button>
          {answer !== undefined && (
            <>
              <CodeBox title={tryIt.answer} code={JSON.stringify(answer, null, 2)} />
              <Text size="sm" c="dimmed">
                {tryIt.session}
              </Text>
            </>
          )}
        </Stack>
      </form>
    </Card>
  );
}

/** A failure as the server wrote it. */
const envelopeOf = ({ message, code, requestId, errors }: ApiFailure) => ({
  success: false,
  message,
  code,
  request_id: requestId,
  ...(Object.keys(errors).length > 0 && { errors }),
});
