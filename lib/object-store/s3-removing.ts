/** Deleting for good: where versions are kept, a plain deletion only puts a marker above them. */
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { ask } from "./s3-client.ts";

/** Twice is a success, and a deletion that broke off is ended by the next. */
export const removeEverything = async (
  client: S3Client,
  at: { Bucket: string; Key: string },
  clock: () => Date,
): Promise<void> => {
  const remove = (VersionId?: string) =>
    ask(clock, () =>
      client.send(new DeleteObjectCommand({ ...at, ...(VersionId === undefined ? {} : { VersionId }) })),
    );
  const { DeleteMarker, VersionId } = await remove();
  if (DeleteMarker !== true && VersionId === undefined) return;
  let page: ListObjectVersionsCommandOutput | null = null;
  do {
    const from: object = page ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : {};
    page = await ask(clock, () =>
      client.send(new ListObjectVersionsCommand({ Bucket: at.Bucket, Prefix: at.Key, ...from })),
    );
    const all = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    for (const one of all) if (one.Key === at.Key) await remove(one.VersionId);
    // Longer keys with this beginning sort behind it.
  } while (page.IsTruncated === true && (page.NextKeyMarker ?? "") <= at.Key);
};
