/** A phone publishes its voice and hears the room; it has no client that could do more. */
export const PHONE_PERMISSIONS = {
  canPublish: true,
  canSubscribe: true,
  canPublishData: true,
  publishSources: ['microphone' as const],
  canUpdateMetadata: false,
  hidden: false,
};
