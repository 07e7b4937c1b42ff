// The service worker's own names.

/** Bytes in memory of their own. */
type Bytes = Uint8Array<ArrayBuffer>;

/** The release of this worker, which build.py writes in front of it: its name, and the SHA-256 of each file by its path. */
declare const RELEASE: { id: string; files: Record<string, string> };
