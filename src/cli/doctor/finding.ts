export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What was seen. */
  readonly told: string;
  /** What to do about it; null when it is well. */
  readonly todo: string | null;
}

export const well = (check: string, told: string): Finding => ({ check, ok: true, told, todo: null });
export const ill = (check: string, told: string, todo: string): Finding => ({ check, ok: false, told, todo });
