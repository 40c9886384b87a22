/** A word to the consoles of a city: it makes things quick, and nothing depends on it. */
import type { Cache } from "#lib/cache/cache.ts";
import { notificationChannel, type Notification } from "./console.ts";

/** `id`: of the message behind it, so that a second delivery can be told. */
export const notify = async (cache: Cache, about: Omit<Notification, "type">): Promise<void> => {
  const notification: Notification = { type: "notification", ...about };
  await cache.publish(notificationChannel(about.cidade_id), JSON.stringify(notification));
};
