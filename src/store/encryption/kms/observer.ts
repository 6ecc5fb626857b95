/** Who counts what is done with KMS plugins. Key ids come as they are: what is shown of them is a hash. */
export interface KmsObserver {
  /** `code`: gRPC's name of how the call ended. */
  called(provider: string, method: string, code: string, seconds: number): void
  keyUsed(transformation: 'from_storage' | 'to_storage', provider: string, keyId: string): void
  keyTold(provider: string, keyId: string): void
  invalidKeyId(provider: string, code: 'empty' | 'too_long'): void
  /** How many opened DEK sources are kept. */
  sourcesKept(provider: string, count: number): void
}
