import * as answers from '../answers.ts';
import { type Block, commented, json, type Section } from '../model.ts';
import { RECIPIENT } from '../samples/filling.ts';
import type { Given } from './given.ts';

const required = (...fields: readonly string[]) =>
  Object.fromEntries(fields.map((field) => [field, [`${field} is required`]]));

export const endpoints = ({ texts: { contract, extras } }: Given): readonly Section[] => {
  const { endpoint } = contract;
  const request = (operation: 'sendText' | 'sendMedia' | 'device' | 'messages'): Block => ({
    is: 'samples',
    operation,
    title: endpoint.request,
  });
  const success = (answer: unknown): Block => ({ is: 'code', title: endpoint.success, code: json(answer) });
  const errors = (id: string, ...codes: readonly string[]): readonly Block[] => [
    { is: 'heading', id: `${id}-errors`, text: endpoint.errors },
    { is: 'text', text: endpoint.superset },
    ...codes.map((code): Block => ({ is: 'code', title: code.split('\n', 1)[0]?.slice(3) ?? '', code })),
  ];
  const heading = (id: string, text: string): Block => ({ is: 'heading', id, text });

  const sendMessage: Section = {
    id: 'send-message',
    group: 'endpoints',
    method: 'POST',
    title: '/send-message',
    blocks: [
      { is: 'text', text: contract.sendMessage.lead },
      {
        is: 'code',
        title: endpoint.body,
        code: commented(
          { recipient: RECIPIENT, message: 'Hello World!', show_typing: true },
          {
            recipient: contract.sendMessage.recipient,
            message: contract.sendMessage.message,
            show_typing: contract.sendMessage.showTyping,
          },
        ),
      },
      request('sendText'),
      success(answers.textSent),
      { is: 'text', text: contract.sendMessage.waits },
      { is: 'code', title: endpoint.pending, code: json(answers.pending) },
      ...errors(
        'send-message',
        answers.refusalCode(endpoint.unauthorized, 'invalid_token'),
        answers.refusalCode(contract.sendMessage.notRegistered, 'number_not_registered', { number: RECIPIENT }),
        answers.refusalCode(contract.sendMessage.notConnected, 'device_not_connected'),
        answers.refusalCode(
          contract.sendMessage.invalid,
          'validation_failed',
          { reason: 'session_id, recipient, and message are required' },
          required('recipient', 'message'),
        ),
      ),
    ],
  };

  const sendMedia: Section = {
    id: 'send-media',
    group: 'endpoints',
    method: 'POST',
    title: '/send-media',
    blocks: [
      { is: 'text', text: contract.sendMedia.lead },
      { is: 'note', tone: 'tip', title: contract.sendMedia.note, text: contract.sendMedia.noteText },
      {
        is: 'code',
        title: endpoint.body,
        code: commented(
          {
            recipient: RECIPIENT,
            media_url: 'https://example.com/image.jpg',
            media_type: 'image',
            caption: contract.sendMedia.captionValue,
          },
          {
            recipient: contract.sendMedia.recipient,
            media_url: contract.sendMedia.mediaUrl,
            media_type: contract.sendMedia.mediaType,
            caption: contract.sendMedia.caption,
          },
        ),
      },
      heading('media-types', contract.sendMedia.types),
      { is: 'list', items: contract.sendMedia.typeItems },
      request('sendMedia'),
      success(answers.mediaSent),
      ...errors(
        'send-media',
        answers.refusalCode(contract.sendMedia.unreachable, 'media_unreachable', {
          reason: 'connect ENOTFOUND example.com',
        }),
        answers.refusalCode(
          contract.sendMedia.missing,
          'validation_failed',
          { reason: 'session_id, recipient, and media_url are required' },
          required('recipient', 'media_url'),
        ),
      ),
      heading('media-tips', contract.sendMedia.tips),
      { is: 'list', items: contract.sendMedia.tipItems },
      heading('upload', contract.sendMedia.upload),
      { is: 'text', text: contract.sendMedia.uploadText },
    ],
  };

  const device: Section = {
    id: 'device',
    group: 'endpoints',
    method: 'GET',
    title: '/device',
    blocks: [
      { is: 'text', text: contract.device.lead },
      request('device'),
      success(answers.deviceFound),
      { is: 'text', text: contract.device.more },
    ],
  };

  const messages: Section = {
    id: 'messages',
    group: 'endpoints',
    method: 'GET',
    title: '/messages',
    blocks: [
      { is: 'text', text: contract.messages.lead },
      {
        is: 'code',
        title: endpoint.query,
        code: [
          `?limit=50 // ${contract.messages.limit}`,
          `&page=1 // ${contract.messages.page}`,
          `&status=sent // ${contract.messages.status}`,
        ].join('\n'),
      },
      request('messages'),
      success(answers.messagesListed),
      { is: 'text', text: contract.messages.more },
      heading('message-filters', contract.messages.filters),
      {
        is: 'table',
        title: contract.messages.filters,
        head: contract.messages.filterHead,
        rows: Object.entries(contract.messages.filterRows).map(([name, text]) => [`\`${name}\``, text]),
      },
    ],
  };

  const oneMessage: Section = {
    id: 'one-message',
    group: 'endpoints',
    method: 'GET',
    title: extras.oneMessage.title,
    blocks: [
      { is: 'text', text: extras.oneMessage.lead },
      success(answers.messageFound),
      heading('cancel', extras.oneMessage.cancel),
      { is: 'route', method: 'DELETE', path: '/messages/{id}' },
      { is: 'text', text: extras.oneMessage.cancelText },
    ],
  };

  return [sendMessage, sendMedia, device, messages, oneMessage];
};
