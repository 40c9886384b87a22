/** Every permission there is. A role holds some of them; the console hides what a user lacks. */
export const permissions = [
  "users.manage",
  "roles.manage",
  "cities.manage",
  "cameras.view",
  "cameras.manage",
  "agents.manage",
  "live.view",
  "recordings.view",
  "recordings.manage",
  "clips.create",
  "plates.view",
  "plates.search",
  "plates.correct",
  "watchlists.manage",
  "alerts.view",
  "alerts.handle",
  "audit.view",
  "system.operate",
] as const;
export type Permission = (typeof permissions)[number];
