/**
 * How Node is to be started for an agent. What it allocates dies within a group of pictures, so that collecting is cheap but
 * frequent: with helper threads it cost half as much again as without, and a large young generation costs memory and gains nothing.
 */
export const AGENT_NODE_ARGUMENTS = ["--single-threaded-gc", "--max-semi-space-size=2"] as const;

/**
 * For it and the FFmpegs it starts (glibc; elsewhere without effect): large pieces go back to the system when they are free.
 * Groups of pictures otherwise leave holes that nothing fits into: 5 MB a camera.
 */
export const AGENT_ENVIRONMENT = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "262144",
  MALLOC_TRIM_THRESHOLD_: "1048576",
} as const;
