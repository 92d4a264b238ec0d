import {
  AddTrackRequest,
  AudioTrackFeature,
  BackupCodecPolicy,
  Encryption_Type,
  TrackSource,
  TrackType,
} from '@livekit/protocol';
import { expect, test } from 'vitest';
import { participantInfo } from '../../../src/peer/livekit-info.ts';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

const MICROPHONE = { cid: 'cid-1', type: TrackType.AUDIO, source: TrackSource.MICROPHONE, name: 'mic' };

test('what is encrypted from end to end is told as that, and kept out of what the gateway itself hears', () => {
  const rig = new Rig();
  const client = new Client(rig, { offer: { sdp: browserOffer(firstOffer), id: 1 } });
  client.connect();
  const said = {
    ...{ encryption: Encryption_Type.GCM, backupCodecPolicy: BackupCodecPolicy.SIMULCAST, stereo: true },
    audioFeatures: [AudioTrackFeature.TF_NOISE_SUPPRESSION, AudioTrackFeature.TF_NOISE_SUPPRESSION],
  };
  client.addTrack(new AddTrackRequest({ ...MICROPHONE, ...said }));
  const told = {
    ...{ encryption: Encryption_Type.GCM, backupCodecPolicy: BackupCodecPolicy.SIMULCAST, stream: 'camera' },
    audioFeatures: [AudioTrackFeature.TF_NOISE_SUPPRESSION, AudioTrackFeature.TF_STEREO],
  };
  expect(client.last('trackPublished').track).toMatchObject(told);
  const line = { mid: '7', kind: 'audio', direction: 'sendonly', cid: 'cid-1', ssrc: 1234 } as const;
  client.offer(browserOffer([...firstOffer, line]), 2);
  expect(rig.told('receiver.open')).toMatchObject([{ mid: '7', encryption: 'end-to-end' }]);
  const ada = rig.rooms.find('lobby')?.participants.get('ada');
  expect(ada && participantInfo(ada).tracks).toMatchObject([
    { ...told, mid: '7', codecs: [{ mid: '7', cid: 'cid-1' }] },
  ]);
});
