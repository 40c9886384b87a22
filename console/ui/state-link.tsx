/** A link that is current by what the page says, where the router would only compare addresses. */
import type { ComponentProps } from "react";
import { createLink } from "@tanstack/react-router";

type AnchorProps = Omit<ComponentProps<"a">, "aria-current"> & {
  /** `page`: the view that is shown; `true`: the chosen one of a list. */
  current: "page" | "true" | undefined;
};
const Anchor = ({ current, ...props }: AnchorProps) => <a {...props} aria-current={current} />;

export const StateLink = createLink(Anchor);
