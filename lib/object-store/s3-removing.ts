/** Deleting for good: where versions are kept, a plain deletion only puts a marker above them. */
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from "@aws-sdk/client-s3";

/** Twice is a success, and a deletion that broke off is ended by the next. */
export const removeEverything = async (client: S3Client, at: { Bucket: string; Key: string }): Promise<void> => {
  const { DeleteMarker, VersionId } = await client.send(new DeleteObjectCommand(at));
  if (DeleteMarker !== true && VersionId === undefined) return;
  let page: ListObjectVersionsCommandOutput | null = null;
  do {
    page = await client.send(
      new ListObjectVersionsCommand({
        Bucket: at.Bucket,
        Prefix: at.Key,
        ...(page ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : {}),
      }),
    );
    const all = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    for (const one of all)
      if (one.Key === at.Key) await client.send(new DeleteObjectCommand({ ...at, VersionId: one.VersionId }));
    // Longer keys with this beginning sort behind it.
  } while (page.IsTruncated === true && (page.NextKeyMarker ?? "") <= at.Key);
};
