import { Drawer, type DrawerProps, Modal, type ModalProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** The button that closes it has a name, in the reader's language: Mantine's has none. */
const useCloseButton = () => ({ 'aria-label': useTranslation().t('action.close') });

export const Dialog = (props: ModalProps) => <Modal closeButtonProps={useCloseButton()} {...props} />;

/** From an edge of the screen. */
export const SidePanel = (props: DrawerProps) => <Drawer closeButtonProps={useCloseButton()} {...props} />;
