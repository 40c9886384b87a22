/**
 * How Node is to be started for an agent. What it allocates dies within a group of pictures, so that collecting is cheap but
 * frequent: with helper threads it cost half as much again as without, and a large young generation costs memory and gains nothing.
 */
export const AGENT_NODE_ARGUMENTS = ["--single-threaded-gc", "--max-semi-space-size=2"] as const;
