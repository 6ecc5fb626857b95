/** gRPC's codes that matter here. */
export const grpcCode = {
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  outOfRange: 11,
  unavailable: 14,
} as const

/** By number, as Go's codes.Code prints them. */
const names = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]

export class GrpcError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.name = 'GrpcError'
    this.code = code
  }

  get codeName(): string {
    return names[this.code] ?? `Code(${this.code})`
  }

  /** The other side could not be reached, or went away before it answered: whether it did what was asked is not known. */
  get isUnavailable(): boolean {
    return this.code === grpcCode.unavailable || this.code === grpcCode.deadlineExceeded
  }
}
