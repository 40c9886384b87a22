import { http } from "#lib/function/define.ts";
import { LinkSecret, LinkState } from "../contract.ts";
import { findLink } from "../links.ts";

export const checkLink = http({
  name: "check-link",
  summary: "Says what a one-time link is for, without using it up",
  http: {
    method: "POST",
    path: "/api/links/check",
    access: "anyone",
    rate: { per: "address", count: 30, seconds: 60 },
  },
  role: "gt_system",
  needs: ["sql", "clock"],
  input: LinkSecret,
  output: LinkState,
  async handle({ secret }, { sql, clock }) {
    const { kind, expires_at } = await findLink(sql, secret, clock(), false);
    return { kind, expires_at: expires_at.toISOString() };
  },
});
