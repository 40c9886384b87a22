/** How often something happened, by camera, since the agent began. */
export const counted = () => {
  const counts = new Map<string, number>();
  return {
    add: (camera_id: string): void => void counts.set(camera_id, (counts.get(camera_id) ?? 0) + 1),
    of: (camera_id: string): number => counts.get(camera_id) ?? 0,
  };
};
