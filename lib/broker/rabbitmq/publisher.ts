/** Publishing with a confirm for each message: what is answered is on disk in every queue that it was routed to. */
import type { ConfirmChannel, Message } from "amqplib";
import { AppError } from "#lib/errors.ts";
import type { Kept, Link } from "./link.ts";
import { idOf, type Outgoing } from "./message.ts";

export type Publisher = {
  /** Resolves when all are confirmed; answers those that no queue took. */
  send(messages: readonly Outgoing[]): Promise<Outgoing[]>;
  end(): Promise<void>;
};

const CONFIRM_MS = 5000;
const RETRY_AFTER_SECONDS = 1;
/** An alarm is rarely over sooner. */
const BLOCKED_AFTER_SECONDS = 5;

/** How many of an id came back and wait for their confirm, which follows: the same event may be on its way twice. */
type Returned = Map<string, number>;

export const publisher = (link: Link): Publisher => {
  const returned: Returned = new Map();
  const failures = new Set<(error: AppError) => void>();
  const kept: Kept<ConfirmChannel> = link.keepConfirmChannel(async (channel) => {
    returned.clear();
    channel.on("return", (message: Message) => {
      returned.set(idOf(message), (returned.get(idOf(message)) ?? 0) + 1);
    });
  });
  link.onBlocked((reason) => {
    for (const fail of failures) fail(blockedBy(reason));
  });

  /** A refusal of the broker concerns its message only; a channel that answers nothing is given up. */
  const sendWithin = async (
    ms: number,
    channel: ConfirmChannel,
    messages: readonly Outgoing[],
  ): Promise<Outgoing[]> => {
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    failures.add(fail);
    const late = setTimeout(() => {
      kept.renew();
      fail(unconfirmed("no answer"));
    }, ms);
    try {
      return await Promise.race([sendAll(returned, channel, messages), failed]);
    } catch (error) {
      if (error instanceof AppError) throw error;
      kept.renew();
      throw unconfirmed(error);
    } finally {
      clearTimeout(late);
      failures.delete(fail);
    }
  };

  return {
    send: async (messages) => {
      const reason = link.blocked();
      if (reason !== null) throw blockedBy(reason);
      const begin = performance.now();
      const channel = kept.now() ?? (await kept.within(CONFIRM_MS));
      if (channel === null) throw unconfirmed("no connection");
      return sendWithin(CONFIRM_MS - (performance.now() - begin), channel, messages);
    },
    end: () => kept.end(),
  };
};

const sendAll = async (
  returned: Returned,
  channel: ConfirmChannel,
  messages: readonly Outgoing[],
): Promise<Outgoing[]> => {
  const routed = await Promise.all(messages.map((message) => sendOne(returned, channel, message)));
  return messages.filter((_, n) => !routed[n]);
};

/** Answers whether a queue took it. */
const sendOne = (returned: Returned, channel: ConfirmChannel, message: Outgoing): Promise<boolean> => {
  const { exchange, key, content, options } = message;
  return new Promise((resolve, reject) => {
    channel.publish(exchange, key, content, options, (error: unknown) => {
      if (error) reject(unconfirmed(error));
      else resolve(!takeOne(returned, options.messageId ?? ""));
    });
  });
};

const takeOne = (returned: Returned, id: string): boolean => {
  const count = returned.get(id) ?? 0;
  if (count > 1) returned.set(id, count - 1);
  else returned.delete(id);
  return count > 0;
};

const unconfirmed = (cause: unknown): AppError =>
  new AppError("unavailable", "Nobody knows whether it was published", {
    reason: "broker.unconfirmed",
    retry_after_seconds: RETRY_AFTER_SECONDS,
    cause,
  });

const blockedBy = (cause: string): AppError =>
  new AppError("unavailable", "The broker takes nothing at the moment", {
    reason: "broker.blocked",
    retry_after_seconds: BLOCKED_AFTER_SECONDS,
    cause,
  });
