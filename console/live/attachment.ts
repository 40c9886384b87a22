/** Shows a MediaSource in a video element, and lets go of it. */

/** A MediaSource of the page is shown by an address that has to be given back; one of the worker by its handle. */
export const createAttachment = (video: HTMLVideoElement) => {
  let address: string | null = null;
  const detach = (): void => {
    if (address) URL.revokeObjectURL(address);
    address = null;
    video.srcObject = null;
    video.removeAttribute("src");
    video.load();
  };
  return {
    attach(source: MediaSource | MediaSourceHandle): void {
      detach();
      if (source instanceof MediaSource) {
        address = URL.createObjectURL(source);
        video.src = address;
      } else {
        video.srcObject = source as unknown as MediaProvider;
      }
    },
    detach,
  };
};
