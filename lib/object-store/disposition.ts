/** `Content-Disposition` (RFC 6266): shown in place, or saved under a name that may be in any language. */
export const disposition = (filename: string | null): string => {
  if (filename === null) return "inline";
  const plain = filename.replaceAll(/[^A-Za-z0-9 ._-]/g, "_");
  const exact = encodeURIComponent(filename).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
};
