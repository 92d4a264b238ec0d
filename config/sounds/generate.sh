#!/bin/sh
# Makes the placeholder recordings of config/sounds/en anew. Needs espeak-ng, sox and ffmpeg with libopus.
set -eu
cd "$(dirname "$0")/en"

opus() { # file: WAV on standard input to Ogg Opus, mono, 16 kbit/s
  ffmpeg -loglevel error -y -i - -ac 1 -ar 48000 -c:a libopus -b:a 16k -application voip \
    -map_metadata -1 -fflags +bitexact "$1.opus"
}

say() { # file, words: at a telephone's usual level, a short pause behind
  espeak-ng -v en-gb -s 150 -p 40 --stdout "$2" |
    sox -t wav - -t wav - highpass 120 norm -10 pad 0 0.25 | opus "$1"
}

say enter-pin 'Please enter your PIN, followed by the hash key.'
say wrong-pin 'That is not right.'
say too-many-tries 'That was one try too many.'
say please-wait 'Please wait. Nobody is here yet.'
say you-are-muted 'You are muted.'
say you-are-unmuted 'You can be heard again.'
say goodbye 'Goodbye.'
say joined 'Somebody has joined.'
say left 'Somebody has left.'

# Four quiet chords, plucked: music that is nobody's.
chord() { sox -n -t wav - synth 4 pluck "$1" synth 4 pluck mix "$2" synth 4 pluck mix "$3" fade 0 4 1.5 gain -14; }
tmp=$(mktemp -d)
chord C3 E4 G4 >"$tmp/1.wav"
chord A2 C4 E4 >"$tmp/2.wav"
chord F2 A3 C4 >"$tmp/3.wav"
chord G2 B3 D4 >"$tmp/4.wav"
sox "$tmp/1.wav" "$tmp/2.wav" "$tmp/3.wav" "$tmp/4.wav" -t wav - norm -8 | opus hold-music
rm -r "$tmp"
