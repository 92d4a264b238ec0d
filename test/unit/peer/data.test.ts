import {
  ChatMessage,
  DataPacket,
  DataStream_Chunk,
  DataStream_Header,
  DataStream_TextHeader,
  DataStream_Trailer,
  EncryptedPacket,
  Encryption_Type,
  RpcAck,
  RpcRequest,
  RpcResponse,
  SpeakerInfo,
  ActiveSpeakerUpdate as Speakers,
  Transcription,
  TranscriptionSegment,
  UserPacket,
} from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { passData } from '../../../src/peer/data.ts';
import type { RoomHandle } from '../../../src/room/ports.ts';
import { joined, world } from '../room/world.ts';

type Value = DataPacket['value'];

/** What others get of a packet of ada's, who says that she is somebody else. */
function passed(value: Value, to: string[] = []) {
  const { rooms } = world();
  const ada = joined(rooms, 'ada');
  const sent: { channel: string; packet: DataPacket; to: readonly string[] }[] = [];
  const room = {
    sendData: (_from: unknown, channel: string, bytes: Uint8Array, whom: readonly string[]) =>
      sent.push({ channel, packet: DataPacket.fromBinary(bytes), to: whom }),
  } as unknown as RoomHandle;
  const forged = { participantIdentity: 'boss', participantSid: 'PA_boss' };
  const bytes = new DataPacket({ ...forged, destinationIdentities: to, value }).toBinary();
  return { refusal: passData(room, ada.participant, '_reliable', bytes), sent, sid: ada.participant.sid };
}

const header = new DataStream_Header({
  ...{ streamId: 's', topic: 'lk.chat', mimeType: 'text/plain', totalLength: 3n, attributes: { a: 'b' } },
  contentHeader: { case: 'textHeader', value: new DataStream_TextHeader({ replyToStreamId: 'r' }) },
});
const segment = new TranscriptionSegment({ id: '1', text: 'well met', language: 'en', final: true });

describe('what clients say to each other passes to whom it is for, whole, in the name of who says it', () => {
  test.each<[string, Value]>([
    ['a text stream begins', { case: 'streamHeader', value: header }],
    [
      'a chunk',
      {
        case: 'streamChunk',
        value: new DataStream_Chunk({ streamId: 's', chunkIndex: 1n, content: new Uint8Array([1, 2]) }),
      },
    ],
    ['its end', { case: 'streamTrailer', value: new DataStream_Trailer({ streamId: 's', reason: 'done' }) }],
    ['a chat message', { case: 'chatMessage', value: new ChatMessage({ id: 'c', message: 'hello' }) }],
    [
      'a transcription',
      { case: 'transcription', value: new Transcription({ trackId: 'TR_x', segments: [segment] }) },
    ],
    ['a call of a method', { case: 'rpcRequest', value: new RpcRequest({ id: 'q', method: 'greet' }) }],
    ['that it was heard', { case: 'rpcAck', value: new RpcAck({ requestId: 'q' }) }],
    ['its answer', { case: 'rpcResponse', value: new RpcResponse({ requestId: 'q' }) }],
    [
      'what is encrypted from end to end',
      {
        case: 'encryptedPacket',
        value: new EncryptedPacket({
          ...{ encryptionType: Encryption_Type.GCM, keyIndex: 3, iv: new Uint8Array(12).fill(7) },
          encryptedValue: new Uint8Array([9, 8, 7]),
        }),
      },
    ],
  ])('%s', (_, value) => {
    const { refusal, sent, sid } = passed(value, ['bob']);
    expect(refusal).toBeUndefined();
    expect(sent).toMatchObject([{ channel: 'reliable', to: ['bob'] }]);
    expect(sent[0]?.packet).toMatchObject({ participantIdentity: 'ada', participantSid: sid });
    expect(sent[0]?.packet.value).toEqual(value);
  });

  test('a packet of the older form says within itself whom it is for, and who says it', () => {
    const user = new UserPacket({
      ...{ payload: new Uint8Array([1]), topic: 't', participantIdentity: 'boss' },
      destinationIdentities: ['bob'],
    });
    const { sent, sid } = passed({ case: 'user', value: user });
    expect(sent).toMatchObject([{ to: ['bob'] }]);
    expect(sent[0]?.packet.value).toMatchObject({
      value: { participantIdentity: 'ada', participantSid: sid, topic: 't' },
    });
  });

  test.each<[string, Value]>([
    [
      'who speaks',
      { case: 'speaker', value: new Speakers({ speakers: [new SpeakerInfo({ sid: 'PA_x', level: 1 })] }) },
    ],
    ['nothing', { case: undefined }],
  ])('but %s is for the gateway alone to say', (_, value) => {
    expect(passed(value)).toMatchObject({ refusal: 'data-not-allowed', sent: [] });
  });
});

test('a packet may have 65,536 bytes, as in LiveKit, and none more', () => {
  const { rooms } = world();
  const ada = joined(rooms, 'ada');
  const bob = joined(rooms, 'bob');
  const of = (length: number) => {
    const empty = new DataPacket({
      value: { case: 'user', value: new UserPacket({ payload: new Uint8Array(60_000) }) },
    });
    const rest = length - empty.toBinary().length;
    const payload = new Uint8Array(60_000 + rest);
    return new DataPacket({ value: { case: 'user', value: new UserPacket({ payload }) } }).toBinary();
  };
  expect(of(65_536).length).toBe(65_536);
  expect(passData(ada.room, ada.participant, '_lossy', of(65_536))).toBeUndefined();
  expect(bob.door.told.filter((told) => told.startsWith('lossy'))).toHaveLength(1);
  expect(passData(ada.room, ada.participant, '_lossy', of(65_537))).toBe('data-too-large');
  expect(passData(ada.room, ada.participant, '_lossy', new Uint8Array([255, 255]))).toBe('data-malformed');
  expect(bob.door.told.filter((told) => told.startsWith('lossy'))).toHaveLength(1);
});
