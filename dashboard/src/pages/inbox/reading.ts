import { useLocalStorage } from '@mantine/hooks';

/** Whether a conversation is marked as read when somebody opens it, as on a phone. Of this browser. */
export const useReadWhenOpened = () =>
  useLocalStorage<boolean>({ key: 'wagate-read-when-opened', defaultValue: true, getInitialValueInEffect: false });
