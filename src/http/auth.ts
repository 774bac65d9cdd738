import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { failure, isFailure } from '../base/errors.ts';
import { type Allowance, addressKey, createLimits } from '../base/limits.ts';
import type { Caller, Devices } from '../gateway/contract.ts';
import { createBrake } from './brake.ts';

/** Wrong tokens a minute from one address, before it is asked to wait. */
export const WRONG_TOKENS_PER_MINUTE = 30;
const MINUTE = 60_000;
/** Tokens remembered as good, so that a neighbour behind the same address who guesses does not lock them out. */
const GOOD_TOKENS = 10_000;

interface AuthParts {
  readonly devices: Pick<Devices, 'authenticate'>;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** All tokens of an account together may ask so many times as often as one of them. */
  readonly accountFactor: number;
  /** Counts over all nodes; absent: this process is all there is. */
  readonly rates?: { take(key: string, limit: number): Allowance | Promise<Allowance> } | undefined;
}

/**
 * Who calls, from `Authorization: Bearer …` and nothing else, and whether the caller may go on at this rate. Throws `invalid_token`,
 * `rate_limited`. An address that tried too many wrong tokens is answered without a look into the store, unless the token was good
 * before.
 */
export function createAuth({
  devices,
  clock,
  accountFactor,
  rates = createLimits({ clock, windowMs: MINUTE }),
}: AuthParts) {
  const wrong = createLimits({ clock, windowMs: MINUTE });
  const good = new Set<string>();
  const brake = createBrake(clock);
  const refuse = async (allowance: Allowance, key: string, reply: FastifyReply): Promise<never> => {
    await brake(key, reply);
    throw tooMany(allowance);
  };

  async function identify(token: string, address: string, reply: FastifyReply): Promise<Caller> {
    // A bare hash is enough here: it never leaves the process, and the tokens have 256 random bits.
    const seen = createHash('sha256').update(token).digest('base64');
    const patience = wrong.open(addressKey(address), WRONG_TOKENS_PER_MINUTE);
    if (!patience.allowed && !good.has(seen)) await refuse(patience, addressKey(address), reply);
    try {
      const caller = await devices.authenticate(token);
      if (good.size >= GOOD_TOKENS) good.clear();
      good.add(seen);
      return caller;
    } catch (error) {
      if (isFailure(error, 'invalid_token')) {
        good.delete(seen);
        wrong.take(addressKey(address), WRONG_TOKENS_PER_MINUTE);
      }
      throw error;
    }
  }

  return async function enter(request: FastifyRequest, reply: FastifyReply): Promise<Caller> {
    const token = bearer(request.headers.authorization);
    if (token === undefined) throw failure('invalid_token');
    const caller = await identify(token, request.ip, reply);
    const allowance = await rates.take(caller.tokenId, caller.rateLimit);
    reply.headers({
      'RateLimit-Limit': allowance.limit,
      'RateLimit-Remaining': allowance.remaining,
      'RateLimit-Reset': allowance.resetSeconds,
    });
    if (!allowance.allowed) await refuse(allowance, caller.tokenId, reply);
    const together = await rates.take(`account:${caller.accountId}`, caller.rateLimit * accountFactor);
    if (!together.allowed) await refuse(together, `account:${caller.accountId}`, reply);
    return caller;
  };
}

export const tooMany = ({ resetSeconds }: Allowance) =>
  failure('rate_limited', { seconds: resetSeconds }, { retryAfter: resetSeconds });

const bearer = (header: string | undefined): string | undefined => /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
