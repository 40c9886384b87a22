export type City = {
  cameras: { name: string; place: string; file: string; port: number; url: string; passages: unknown[] }[];
  watched: { plate: string; reason: string }[];
};
export const prepareCity = async (_options: unknown): Promise<City> => ({ cameras: [], watched: [] });
