/** Who sent a request. */
export interface Caller {
  /** His address; undefined when a proxy that is none of ours speaks for somebody. */
  readonly source: string | undefined;
}
