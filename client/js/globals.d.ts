// What the page's scripts share through `globalThis.picsafe`, which is also how Python reaches them.

type Plural = Record<string, string> & { other: string };

interface Catalogue {
  /** Attributes of index.html that hold words. */
  attributes: string[];
  /** Language to locale. */
  locales: Record<string, string>;
  /** Language to key to text. */
  texts: Record<string, Record<string, string | Plural>>;
}

interface I18n {
  say(key: string, values?: Record<string, string | number>): string;
  put(element: HTMLElement, key: string): void;
  choice(): string;
  choose(code: string): void;
  byBrowser(): string;
}

interface Boot {
  /** First it waits for somebody to come. */
  state: "waiting" | "loading" | "ready" | "failed";
  /** Why it failed. */
  reason: Error | null;
  /** False when Python had to start without the memory snapshot. */
  snapshot: boolean;
  /** The name of this release's cache. */
  kept: string;
  forget(): Promise<boolean | undefined> | undefined;
  ready(): void;
  failed(reason: unknown): void;
}

interface Shell {
  channel: BroadcastChannel;
  state(name: "signed-in" | "signed-out" | "public"): void;
  wanted: Promise<void>;
  signedIn(): Promise<string>;
  ask(why: string, address: string, end: boolean): Promise<string>;
  askAnyone(): void;
  ready(): void;
  failed(error: unknown): void;
  tellTabs(message: string): void;
}

interface Picsafe {
  catalogue: Catalogue;
  i18n: I18n;
  shell: Shell;
  boot: Boot;
  kernel: typeof import("./kernel.js");
  outbox: typeof import("./outbox.js");
  sealedDrafts: typeof import("./sealed-drafts.js");
  serviceWorkerClient: typeof import("./service-worker-client.js");
  /** Fetches what decodes HEIC photos. */
  heic(): Promise<typeof import("./heic.js")>;
}

/** Bytes in memory of their own, as WebCrypto and messages between threads need them. */
type Bytes = Uint8Array<ArrayBuffer>;

declare var picsafe: Picsafe;

/** Where the browser has Trusted Types. */
declare var trustedTypes:
  | { createPolicy(name: string, rules: { createScriptURL(url: string): string }): TrustedTypePolicy }
  | undefined;

interface TrustedTypePolicy {
  createScriptURL(url: string): string;
}

/** As hash-wasm's scripts leave it. */
declare var hashwasm: {
  createSHA256(): Promise<Hasher>;
  createCRC32(): Promise<Hasher>;
};

interface Hasher {
  init(): Hasher;
  update(bytes: Uint8Array): Hasher;
  digest(encoding: "hex"): string;
}
