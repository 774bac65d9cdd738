import { PACING, type PacingSettings } from './pacing.ts';

/** What a device has of its own in `device.settings` (JSON); absent keys have the product's defaults. */
export interface DeviceSettings {
  readonly pacing?: Partial<PacingSettings>;
  /** What STOP from a person does; absent: the setting OPT_OUT. */
  readonly opt_out?: 'record' | 'refuse';
}

export const readSettings = (json: string): DeviceSettings => JSON.parse(json) as DeviceSettings;

/** A sandbox device is no number that WhatsApp could restrict: it has no pacing. */
export const pacingOf = (device: {
  readonly kind: 'whatsapp' | 'sandbox';
  readonly settings: string;
}): PacingSettings =>
  device.kind === 'sandbox' ? { ...PACING, enabled: false } : { ...PACING, ...readSettings(device.settings).pacing };
