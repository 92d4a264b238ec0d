import { AudioPresets, ConnectionState, Room, RoomEvent } from 'livekit-client';
import { element } from './elements.ts';
import { icon } from './icons.ts';
import { LevelMeter } from './meter.ts';
import { Microphone } from './microphone.ts';
import { NetcheckPanel } from './netcheck-panel.ts';
import { readOptions, remember } from './options.ts';
import { selectedPath } from './path.ts';
import { People } from './people.ts';
import { playSound } from './sound.ts';
import { askToken } from './token.ts';
import { endText, failureText } from './words.ts';

const options = readOptions(location.search);
const lobby = element('lobby', HTMLElement);
const call = element('call', HTMLElement);
const controls = element('controls', HTMLElement);
const state = element('state', HTMLElement);
const path = element('path', HTMLElement);
const alertBox = element('alert', HTMLElement);
const title = element('call-title', HTMLElement);
const alone = element('alone', HTMLElement);
const form = element('join-form', HTMLFormElement);
const joinButton = element('join', HTMLButtonElement);
const leaveButton = element('leave', HTMLButtonElement);
const nameInput = element('name', HTMLInputElement);
const roomInput = element('room-name', HTMLInputElement);
const relayBox = element('relay', HTMLInputElement);
const rawBox = element('raw', HTMLInputElement);

const people = new People({
  list: element('people', HTMLElement),
  count: element('count', HTMLElement),
  alone,
  news: element('news', HTMLElement),
});
const microphone = new Microphone({
  button: element('mute', HTMLButtonElement),
  select: element('microphone', HTMLSelectElement),
  meter: new LevelMeter(element('meter', HTMLElement)),
  complain,
});

const stateTexts: Readonly<Record<ConnectionState, string>> = {
  [ConnectionState.Disconnected]: 'Not connected',
  [ConnectionState.Connecting]: 'Connecting…',
  [ConnectionState.Connected]: 'Connected',
  [ConnectionState.Reconnecting]: 'Reconnecting…',
  [ConnectionState.SignalReconnecting]: 'Reconnecting…',
};

nameInput.value = options.name;
roomInput.value = options.room || 'lobby';
relayBox.checked = options.relay;
rawBox.checked = options.raw;
if (options.relay || options.raw) form.querySelector('details')?.setAttribute('open', '');
leaveButton.append(icon('leave'), 'Leave');
if (options.token !== '') {
  // The token says who and where.
  for (const input of [nameInput, roomInput]) {
    input.required = false;
    input.closest('label')?.setAttribute('hidden', '');
  }
}
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void join();
});
const netcheck = new NetcheckPanel(() =>
  options.token === '' ? askToken('connection test', 'lobby') : Promise.resolve(options.token),
);
element('test', HTMLButtonElement).addEventListener('click', () => netcheck.open());
if (options.netcheck) netcheck.open();
if (options.autojoin) void join();
else (nameInput.value === '' ? nameInput : joinButton).focus();

async function join(): Promise<void> {
  const raw = rawBox.checked;
  complain('');
  joinButton.disabled = true;
  const room = new Room({
    audioCaptureDefaults: {
      autoGainControl: !raw,
      echoCancellation: !raw,
      noiseSuppression: !raw,
      voiceIsolation: !raw,
    },
    publishDefaults: { audioPreset: raw ? AudioPresets.music : AudioPresets.speech, dtx: !raw, red: false },
  });
  const session = follow(room);
  leaveButton.onclick = () => void room.disconnect();
  playSound(room, element('sound', HTMLElement), element('unlock', HTMLButtonElement));
  try {
    showState(ConnectionState.Connecting);
    const token = options.token || (await askToken(nameInput.value.trim(), roomInput.value.trim()));
    remember(nameInput.value.trim());
    await room.connect(location.origin.replace(/^http/, 'ws'), token, {
      rtcConfig: { iceTransportPolicy: relayBox.checked ? 'relay' : 'all' },
    });
    if (session.ended) return;
    people.show(room);
    enter(room.name);
    await microphone.start(room);
  } catch (error) {
    // What ended the session is said already, and is more than that the microphone did not start in it.
    if (session.ended) return;
    clearInterval(session.watch);
    void room.disconnect();
    showState(ConnectionState.Disconnected);
    complain(failureText(error));
  } finally {
    joinButton.disabled = false;
  }
}

interface Session {
  readonly watch: ReturnType<typeof setInterval>;
  connected: boolean;
  /** It was connected and is over. */
  ended: boolean;
}

/** Shows the state of the connection and its path, and comes back to the lobby at the end. */
function follow(room: Room): Session {
  const watch = setInterval(() => void showPath(room), 2000);
  const session: Session = { watch, connected: false, ended: false };
  room.on(RoomEvent.ConnectionStateChanged, showState);
  room.on(RoomEvent.Connected, () => {
    session.connected = true;
    void showPath(room);
  });
  room.on(RoomEvent.Reconnected, () => void showPath(room));
  room.on(RoomEvent.Disconnected, (reason) => {
    clearInterval(watch);
    microphone.stop();
    session.ended = session.connected;
    if (session.ended) complain(endText(reason));
    call.hidden = true;
    controls.hidden = true;
    path.hidden = true;
    lobby.hidden = false;
    document.title = 'Trunkroom';
    joinButton.focus();
  });
  return session;
}

function enter(room: string): void {
  title.textContent = room;
  document.title = `${room} · Trunkroom`;
  const dial = document.createElement('code');
  // RFC 3261 section 19.1.2: what is no letter of a user part is escaped.
  dial.textContent = `sip:${encodeURIComponent(room)}@${location.hostname}`;
  alone.replaceChildren('Nobody else is here. Share this page’s address, or dial ', dial, ' from a phone.');
  lobby.hidden = true;
  call.hidden = false;
  controls.hidden = false;
}

function showState(connection: ConnectionState): void {
  const name = connection === ConnectionState.SignalReconnecting ? ConnectionState.Reconnecting : connection;
  state.dataset['state'] = name;
  state.textContent = stateTexts[connection];
}

async function showPath(room: Room): Promise<void> {
  const selected =
    room.state === ConnectionState.Connected ? await selectedPath(room).catch(() => undefined) : undefined;
  path.hidden = selected === undefined;
  if (selected === undefined) return;
  path.dataset['way'] = selected.way;
  path.dataset['protocol'] = selected.protocol;
  path.textContent = `${selected.way === 'relay' ? 'Relay' : 'Direct'} · ${selected.protocol.toUpperCase()}`;
  path.title =
    selected.way === 'relay' ? 'Sound goes through the TURN relay' : 'Sound goes straight to the gateway';
}

function complain(text: string): void {
  alertBox.textContent = text;
  alertBox.hidden = text === '';
}
