/** A file of the page. */
export interface Asset {
  /** Its `Content-Type`. */
  readonly type: string;
  readonly body: Uint8Array;
}

/** The page's files by path; `adapters/bundle` has them. */
export interface PageAssets {
  get(path: string): Promise<Asset | undefined>;
}
