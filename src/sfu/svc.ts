import type { Millis } from '../base/clock.ts';
import type { RtpView } from '../rtp/packet.ts';
import { DecodeTargetFilter } from './decode-target-filter.ts';
import { DependencyDescriptor, Indication } from './dependency-descriptor.ts';
import { type Layers, MAX_LAYERS, MAX_TEMPORAL } from './layers.ts';
import { Vp9Descriptor } from './vp9.ts';
import { Vp9Filter } from './vp9-filter.ts';

/** Which layers a packet of a stream that has several in one (SVC) belongs to. */
export type LayeredPacket = Vp9Descriptor | DependencyDescriptor;

/** Reads one source whose sizes and rates may be layers of one stream: VP9 by its payload, AV1 by its Dependency Descriptor. */
export class LayerReader {
  readonly #vp9 = new Vp9Descriptor();
  #av1 = new DependencyDescriptor();
  #source = -1;

  /** Used again by the next call; undefined when the packet says nothing of layers. */
  read(view: RtpView, mime: string): LayeredPacket | undefined {
    if (mime === 'video/vp9')
      return this.#vp9.read(view.bytes, view.payloadStart, view.payloadEnd) ? this.#vp9 : undefined;
    if (mime !== 'video/av1' || view.descriptor === 0) return undefined;
    if (view.ssrc !== this.#source) this.#av1 = new DependencyDescriptor();
    this.#source = view.ssrc;
    return this.#av1.read(view.bytes, view.descriptor >> 8, view.descriptor & 0xff) ? this.#av1 : undefined;
  }
}

/** Measures what each size of a stream in layers costs: its own frames, and those that it needs of smaller sizes. */
export function measureLayered(layers: Layers, packet: LayeredPacket, bytes: number, now: Millis): void {
  const { frameStart, spatial, temporal } = packet;
  if (spatial >= MAX_LAYERS) return;
  layers.heard(spatial, bytes, now);
  if (frameStart && temporal < MAX_TEMPORAL) layers.frame(spatial, temporal);
  for (let larger = spatial + 1; larger < MAX_LAYERS; larger++)
    if (isNeeded(packet, larger)) layers.needed(larger, bytes);
}

/** Whether a receiver of a larger size gets the packet. */
function isNeeded(packet: LayeredPacket, size: number): boolean {
  if (packet.codec === 'vp9') return true;
  const target = packet.structure?.wholes[size];
  return target !== undefined && packet.indications[target] !== Indication.notPresent;
}

/** Which packets of a stream in layers go to one receiver. */
export class LayerFilter {
  #filter: Vp9Filter | DecodeTargetFilter | undefined;
  #source = -1;

  /** The size that the receiver gets; -1: none yet. */
  get spatial(): number {
    return this.#filter?.spatial ?? -1;
  }

  /** Another size is wanted than there is, and a key frame would give it. */
  get lacks(): boolean {
    return this.#filter?.lacks ?? true;
  }

  /** Whether the packet of `view` goes through, of sizes and rates of at most these. Another source begins anew. */
  takes(packet: LayeredPacket, { ssrc, timestamp }: RtpView, spatial: number, temporal: number): boolean {
    if (ssrc !== this.#source) this.restart();
    this.#source = ssrc;
    if (packet.codec === 'vp9') {
      if (!(this.#filter instanceof Vp9Filter)) this.#filter = new Vp9Filter();
      return this.#filter.takes(packet, timestamp, spatial, temporal);
    }
    if (!(this.#filter instanceof DecodeTargetFilter)) this.#filter = new DecodeTargetFilter();
    return this.#filter.takes(packet, spatial, temporal);
  }

  /** The last packet that the receiver gets of a picture, and so marked (RFC 9628 section 4.1). */
  ends(packet: LayeredPacket): boolean {
    return packet.frameEnd && packet.spatial === this.#filter?.lastOfPicture;
  }

  /** The receiver begins anew, at a key frame. */
  restart(): void {
    this.#filter?.restart();
  }
}
