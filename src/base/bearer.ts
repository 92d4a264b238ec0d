/** The token of an `Authorization: Bearer` header (RFC 6750 section 2.1), whose scheme may be in any case (RFC 9110 section 11.1). */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization?.match(/^Bearer (\S+)$/i)?.[1];
}
